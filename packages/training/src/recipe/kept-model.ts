import type { Model } from '../model.js'
import type { RecipeContext } from './context.js'
import type { StoredNetwork } from './store.js'

/** A trained network as a plain value, with what it takes to show it images. */
export const modelOf = <T>(
  { spec, genotype, kind, data }: RecipeContext<T>,
  { parameters, statistics }: StoredNetwork,
): Model => ({
  spec: spec.model,
  genotype,
  kind,
  classNames: data.classNames,
  image: { height: data.height, width: data.width, channels: data.channels },
  normalization: data.statistics,
  parameters,
  statistics,
})
