import { sizeOf } from '@cpnas/backends'
import {
  type Genotype,
  initialParameters,
  type NetworkKind,
  type NetworkSpec,
  networkLayers,
  normalizationShapes,
} from '@cpnas/supernet'
import type { Model } from '@cpnas/training'

/**
 * The network of a genotype with its initial weights, those of seed 0, and statistics of mean 0 and variance 1: as large and as fast as
 * a trained one. `side` is the height and width of its images.
 */
export const untrainedModel = (spec: NetworkSpec, genotype: Genotype, kind: NetworkKind, side: number): Model => {
  const layers = networkLayers(spec, genotype, kind)
  const initial = initialParameters(Object.fromEntries(layers.map(({ name, shape }) => [name, shape])), 0)
  const constant = (count: number, value: number): Float32Array => new Float32Array(count).fill(value)
  return {
    spec,
    genotype,
    kind,
    classNames: Array.from({ length: spec.classes }, (_, k) => `class ${k}`),
    image: { height: side, width: side, channels: spec.inChannels },
    normalization: { mean: Array(spec.inChannels).fill(0), std: Array(spec.inChannels).fill(1) },
    parameters: Object.fromEntries(
      layers.map(({ name, shape, binary }) => {
        const values = initial[name]!
        const alpha = Math.fround(1 / Math.sqrt(sizeOf(shape) / shape.at(-1)!))
        return [
          name,
          { shape, values: kind === 'child' && binary ? values.map(x => (x < 0 ? -alpha : alpha)) : values },
        ]
      }),
    ),
    statistics: Object.fromEntries(
      Object.entries(normalizationShapes(spec, genotype, kind)).flatMap(([name, shape]) => [
        [`${name}.mean`, { shape, values: constant(sizeOf(shape), 0) }],
        [`${name}.variance`, { shape, values: constant(sizeOf(shape), 1) }],
      ]),
    ),
  }
}
