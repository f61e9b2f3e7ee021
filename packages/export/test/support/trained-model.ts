import { wasmBackend } from '@cpnas/backends'
import { initialParameters, network, networkLayers } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import fc from 'fast-check'
import { type Head, modelOf, numbers } from './models.js'

const batch = 8
const steps = 6

/**
 * The Child of a head after some steps of SGD with clipped gradients on random images. Where these make gradients that float32
 * cannot hold (deep networks of images with so few pixels that some variance is almost 0), fast-check draws another head.
 */
export const trainedModel = async (head: Head, seed: number): Promise<Model> => {
  const { spec, genotype, image } = head
  const backend = await wasmBackend({ threads: 1 })
  const layers = networkLayers({ ...spec, auxiliary: false }, genotype, 'child')
  const initial = initialParameters(Object.fromEntries(layers.map(({ name, shape }) => [name, shape])), seed)
  const forward = network({ ...spec, auxiliary: false }, genotype, 'child')
  const size = [batch, image.height, image.width, image.channels]
  let parameters = Object.fromEntries(layers.map(({ name, shape }) => [name, backend.tensor(initial[name]!, shape)]))
  for (let step = 0; step < steps; step++)
    parameters = backend.scope(() => {
      const images = backend.tensor(
        numbers(
          seed + step,
          size.reduce((a, b) => a * b, 1),
        ),
        size,
      )
      const labels = backend.tensor(
        Array.from({ length: batch }, (_, i) => i % spec.classes),
        [batch],
      )
      const { gradients } = backend.valueAndGrad(
        given => ({ value: backend.softmaxCrossEntropy(forward(backend, given, images).logits, labels) }),
        parameters,
      )
      const updated = backend.sgdStep(
        layers.map(({ name, binary }) => ({
          parameter: parameters[name]!,
          gradient: gradients[name]!,
          ...(binary && { limit: 1 }),
        })),
        { learningRate: 0.1, momentum: 0, weightDecay: 0 },
        backend.min(1, backend.div(5, backend.sqrt(backend.squaredNorm(Object.values(gradients))))),
      )
      return Object.fromEntries(layers.map(({ name }, i) => [name, updated[i]!.parameter]))
    })
  const weights = await Promise.all(
    layers.map(async ({ name }) => [name, Float32Array.from(await backend.read(parameters[name]!))] as const),
  )
  await backend.close()
  fc.pre(weights.every(([, values]) => values.every(Number.isFinite)))
  return modelOf(head, seed, Object.fromEntries(weights))
}
