import type { Backend } from '@cpnas/backends'
import { type Genotype, initialParameters, type NetworkSpec, network, parameterShapes, residual } from '@cpnas/supernet'
import { type Batch, type BatchSource, newLearner, sgd, trainEpoch } from '@cpnas/training'
import { probeSize, type Speeds, type Width, widths } from './budget.js'

const warmUpSteps = 3
const timedSeconds = 0.5
const mostSteps = 50
/** Batches that tell the time of an image from that of a step. */
const [manyImages, fewImages] = [32, 2]

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/**
 * Seconds that a training step of a Child takes for an image, loading included: mean of half a second of steps, at least one. `batches` gives so many
 * batches.
 */
export const secondsPerImage = async <T>(
  backend: Backend<T>,
  spec: NetworkSpec,
  genotype: Genotype,
  batches: (count: number) => BatchSource,
  batchSize: number,
): Promise<number> => {
  const optimizer = sgd({ momentum: 0.9 })
  const shapes = parameterShapes(spec, genotype, 'child')
  const parameters = Object.fromEntries(
    Object.entries(initialParameters(shapes, 0)).map(([name, values]) => [name, backend.tensor(values, shapes[name]!)]),
  )
  let learner = newLearner(optimizer, parameters)
  const steps = async (count: number): Promise<void> => {
    const options = { optimizer, learningRate: 1e-3, gradientClip: 5, where: 'speed' }
    ;({ learner } = await trainEpoch(backend, learner, [network(spec, genotype, 'child')], batches(count), options))
  }
  const first = await seconds(() => steps(1))
  // A step that is as long as that is not much shorter the second time.
  const each = first > timedSeconds ? first : (await seconds(() => steps(warmUpSteps))) / warmUpSteps
  const count = Math.max(1, Math.min(mostSteps, Math.round(timedSeconds / each)))
  const time = await seconds(() => steps(count))
  backend.dispose(learner)
  return time / (count * batchSize)
}

/** Cells of usual cost: a convolution and a pooling at every node. */
const usual: Genotype = (() => {
  const operations = residual.edges.map((_, edge) => (edge % 2 === 0 ? 'conv_3x3' : 'max_pool_3x3'))
  return { normal: operations, reduce: operations }
})()

/** The speeds of networks of the usual cost, of images in colour, on an engine. */
export const measureSpeeds = async <T>(backend: Backend<T>): Promise<Speeds> => {
  const measure = (channels: Width, batchSize: number): Promise<number> => {
    const batch: Batch = {
      images: Float32Array.from({ length: batchSize * probeSize ** 2 * 3 }, (_, i) => 2 * Math.sin(i)),
      labels: Array.from({ length: batchSize }, (_, i) => i % 10),
      shape: [batchSize, probeSize, probeSize, 3],
    }
    const batches = (count: number): readonly Batch[] => Array.from({ length: count }, () => batch)
    const spec = { space: residual, cells: 3, channels, inChannels: 3, classes: 10, affine: true }
    return secondsPerImage(backend, spec, usual, batches, batchSize)
  }
  const image: Partial<Record<Width, number>> = {}
  for (const channels of widths) image[channels] = await measure(channels, manyImages)
  const speeds = image as Speeds['image']
  const few = await measure(8, fewImages)
  return { image: speeds, step: Math.max(0, fewImages * (few - speeds[8])) }
}
