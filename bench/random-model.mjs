import { sizeOf } from '@cpnas/backends'
import { initialParameters, networkLayers, normalizationShapes } from '@cpnas/supernet'

let state = 1
export const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return state / 2 ** 31
}
export const numbers = length => Float32Array.from({ length }, random)

/** A network that has learnt nothing, with statistics as if it had. */
export const modelOf = (spec, genotype, size, kind) => {
  const layers = networkLayers(spec, genotype, kind)
  const initial = initialParameters(Object.fromEntries(layers.map(({ name, shape }) => [name, shape])), 1)
  const parameters = Object.fromEntries(
    layers.map(({ name, shape, binary }) => {
      const values = initial[name]
      const alpha = Math.fround(1 / Math.sqrt(sizeOf(shape) / shape.at(-1)))
      return [name, { shape, values: kind === 'child' && binary ? values.map(x => (x < 0 ? -alpha : alpha)) : values }]
    }),
  )
  const statistics = Object.fromEntries(
    Object.entries(normalizationShapes(spec, genotype, kind)).flatMap(([name, shape]) => [
      [`${name}.mean`, { shape, values: numbers(shape[0]).map(x => x / 10) }],
      [`${name}.variance`, { shape, values: numbers(shape[0]).map(x => 1 + x / 2) }],
    ]),
  )
  return {
    spec,
    genotype,
    kind,
    classNames: Array.from({ length: 10 }, (_, k) => `class ${k}`),
    image: { height: size, width: size, channels: 3 },
    normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
    parameters,
    statistics,
  }
}
