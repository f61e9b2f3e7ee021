import { sizeOf } from '@cpnas/backends'
import { writeModel } from '@cpnas/model'
import { initialParameters, type NetworkKind, networkLayers, normalizationShapes } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import { genotype } from './genotype.js'

/** alpha * +-1, an alpha a channel. */
const reconstructed = (values: Float32Array, channels: number): Float32Array => {
  const alpha = Float32Array.from({ length: channels }, (_, c) => {
    const own = values.filter((_, i) => i % channels === c)
    return own.reduce((sum, x) => sum + Math.abs(x), 0) / own.length
  })
  return values.map((x, i) => (x < 0 ? -1 : 1) * alpha[i % channels]!)
}

/** A network of gray images of 28x28 pixels, the size of the embedded ones, that has learnt nothing. */
export const untrained = (
  classNames: readonly string[],
  kind: NetworkKind = 'child',
  image = { height: 28, width: 28, channels: 1 },
): Model => {
  const spec = { cells: 3, channels: 2, inChannels: image.channels, classes: classNames.length }
  const layers = networkLayers(spec, genotype, kind)
  const values = initialParameters(Object.fromEntries(layers.map(({ name, shape }) => [name, shape])), 1)
  return {
    spec,
    genotype,
    kind,
    classNames,
    image,
    normalization: { mean: Array(image.channels).fill(0.3), std: Array(image.channels).fill(0.35) },
    parameters: Object.fromEntries(
      layers.map(({ name, shape, binary }) => {
        const own = values[name]!
        return [name, { shape, values: kind === 'child' && binary ? reconstructed(own, shape.at(-1)!) : own }]
      }),
    ),
    statistics: Object.fromEntries(
      Object.entries(normalizationShapes(spec, genotype, kind)).flatMap(([name, shape]) => [
        [`${name}.mean`, { shape, values: new Float32Array(sizeOf(shape)) }],
        [`${name}.variance`, { shape, values: new Float32Array(sizeOf(shape)).fill(1) }],
      ]),
    ),
  }
}

/** Writes it; gives the path. */
export const writeUntrained = async (path: string, ...facts: Parameters<typeof untrained>): Promise<string> => {
  const written = await writeModel(path, untrained(...facts))()
  if (written._tag === 'Left') throw new Error(written.left.problem)
  return path
}

export const fashion: readonly string[] = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
]
