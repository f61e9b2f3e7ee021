import { createHash } from 'node:crypto'
import type { Backend } from '@cpnas/backends'
import { initialParameters, type NetworkSpec, network, parameterShapes } from '@cpnas/supernet'
import { crossEntropies } from '@cpnas/training'

const spec: NetworkSpec = { space: 'residual', cells: 3, channels: 16, inChannels: 3, classes: 10, prelu: true }
const cell = [
  'conv_3x3',
  'conv_3x3_dilated',
  'max_pool_3x3',
  'conv_1x1',
  'avg_pool_3x3',
  'conv_3x3',
  'skip_connect',
  'conv_3x3',
]
const genotype = { normal: cell, reduce: cell }
const [batch, size] = [8, 16]

/**
 * How an engine rounds, in twelve digits: of the bits of the gradients of a small Child and its Parent on random images. Engines of other
 * digits do not give the same results. Engines of the same digits may differ all the same, on networks of other sizes.
 */
export const roundingOf = async <T>(backend: Backend<T>): Promise<string> => {
  const shape = [batch, size, size, 3]
  // Initial weights are random, which is all that images have to be here; scaled to a variance of about 1.
  const images = backend.tensor(
    initialParameters({ images: shape }, 0).images!.map(value => value * Math.sqrt(batch * size * size)),
    shape,
  )
  const labels = backend.tensor(
    Float32Array.from({ length: batch }, (_, i) => i % 10),
    [batch],
  )
  const hash = createHash('sha256')
  for (const kind of ['child', 'parent'] as const) {
    const shapes = parameterShapes(spec, genotype, kind)
    const parameters = Object.fromEntries(
      Object.entries(initialParameters(shapes, 0)).map(([name, values]) => [
        name,
        backend.tensor(values, shapes[name]!),
      ]),
    )
    const { gradients, aux } = backend.valueAndGrad(
      crossEntropies(backend, [network(spec, genotype, kind)], images, labels),
      parameters,
    )
    for (const name of Object.keys(gradients).sort())
      hash.update(Uint8Array.from(new Uint8Array(Float32Array.from(await backend.read(gradients[name]!)).buffer)))
    // The value is one of aux.
    backend.dispose([parameters, gradients, aux])
  }
  backend.dispose([images, labels])
  return hash.digest('hex').slice(0, 12)
}
