import { type Shape, sizeOf } from '@cpnas/backends'
import { scaleOf } from '@cpnas/binarize'
import {
  type Genotype,
  type Layer,
  type NetworkKind,
  type NetworkSpec,
  networkLayers,
  normalizationShapes,
  resolveSpec,
} from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import type { TensorLayout } from './safetensors.js'

/** All that says what a model is, but its numbers. */
export type ModelHead = Omit<Model, 'parameters' | 'statistics'>

/** A tensor of a model, and how its file stores it. */
export interface TensorPlan {
  readonly name: string
  readonly shape: Shape
  readonly from: 'parameters' | 'statistics'
  /** As `scalesOf` says. */
  readonly scales: number | undefined
}

type NetworkDescription = Pick<ModelHead, 'spec' | 'genotype' | 'kind'>

/** The network of a model file: without an auxiliary head, which serves in training only. */
export const inferenceSpec = (spec: NetworkSpec): NetworkSpec => ({ ...spec, auxiliary: false })

export const layersOf = (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind) =>
  networkLayers(inferenceSpec(spec), genotype, kind)

export const normalizationsOf = (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind) =>
  normalizationShapes(inferenceSpec(spec), genotype, kind)

/** How many scales a 1-bit filter has: its channels, or 1; undefined for what is stored as floats. */
export const scalesOf = ({ binary, shape }: Pick<Layer, 'binary' | 'shape'>, spec: NetworkSpec, kind: NetworkKind) =>
  kind === 'child' && binary ? sizeOf(scaleOf(resolveSpec(spec).scale).shape(shape)) : undefined

/** Every tensor of a model, parameters first, each in the order of the forward pass. */
export const tensorPlans = ({ spec, genotype, kind }: NetworkDescription): readonly TensorPlan[] => [
  ...layersOf(spec, genotype, kind).map(
    (layer): TensorPlan => ({
      name: layer.name,
      shape: layer.shape,
      from: 'parameters',
      scales: scalesOf(layer, spec, kind),
    }),
  ),
  ...Object.entries(normalizationsOf(spec, genotype, kind)).flatMap(([name, shape]) =>
    ['mean', 'variance'].map(
      (moment): TensorPlan => ({ name: `${name}.${moment}`, shape, from: 'statistics', scales: undefined }),
    ),
  ),
]

export const signsName = (filter: string): string => `${filter}.signs`
export const scaleName = (filter: string): string => `${filter}.scale`

export const packedBytes = (size: number): number => Math.ceil(size / 8)

/** The tensors of a model's file. */
export const storedLayouts = (plans: readonly TensorPlan[]): Readonly<Record<string, TensorLayout>> =>
  Object.fromEntries(
    plans.flatMap(({ name, shape, scales }): (readonly [string, TensorLayout])[] =>
      scales === undefined
        ? [[name, { dtype: 'F32', shape }]]
        : [
            [signsName(name), { dtype: 'U8', shape: [packedBytes(sizeOf(shape))] }],
            [scaleName(name), { dtype: 'F32', shape: [scales] }],
          ],
    ),
  )
