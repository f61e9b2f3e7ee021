import { backendOf, type Kernels, type StoredTensors, type Values } from '@cpnas/backends'
import { network } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'

/** What an engine computes of one image, everything in the order in which a recording notes it. */
export interface ObservedRun {
  readonly values: readonly Values[]
  readonly scores: Values
}

/** The engine's kernels, with all that they make kept. */
const observing = <H>(kernels: Kernels<H>) => {
  const made: H[] = []
  const keep = (handle: H): H => {
    made.push(handle)
    return handle
  }
  const observed: Kernels<H> = {
    ...kernels,
    free: () => {},
    fromValues: (...operands) => keep(kernels.fromValues(...operands)),
    fill: (...operands) => keep(kernels.fill(...operands)),
    unary: (...operands) => keep(kernels.unary(...operands)),
    binary: (...operands) => keep(kernels.binary(...operands)),
    sum: (...operands) => keep(kernels.sum(...operands)),
    concat: (...operands) => keep(kernels.concat(...operands)),
    matMul: (...operands) => keep(kernels.matMul(...operands)),
    conv2d: (...operands) => keep(kernels.conv2d(...operands)),
    depthwiseConv2d: (...operands) => keep(kernels.depthwiseConv2d(...operands)),
    maxPool: (...operands) => keep(kernels.maxPool(...operands)),
    avgPool: (...operands) => keep(kernels.avgPool(...operands)),
    prelu: (...operands) => keep(kernels.prelu(...operands)),
    affineSum: (...operands) => keep(kernels.affineSum(...operands)),
    foldNormalization: (...operands) => {
      const folded = kernels.foldNormalization(...operands)
      made.push(folded.precision, folded.scale, folded.shift)
      return folded
    },
  }
  return { observed, made }
}

/** A Child in evaluation mode on an engine. */
export const observedRun = async <H>(kernels: Kernels<H>, model: Model, image: Float32Array): Promise<ObservedRun> => {
  const { observed, made } = observing(kernels)
  const backend = backendOf(observed)
  const load = (tensors: StoredTensors) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { values, shape }]) => [name, backend.tensor(values, shape)]),
    )
  const { height, width, channels } = model.image
  const images = backend.tensor(image, [1, height, width, channels])
  const parameters = load(model.parameters)
  const statistics = load(model.statistics)
  const forward = network({ ...model.spec, auxiliary: false }, model.genotype, 'child', { filters: 'given' })
  const { logits } = forward(backend, parameters, images, { statistics })
  const values = await Promise.all(made.map(handle => kernels.read(handle)))
  const scores = await kernels.read(logits.handle)
  for (const handle of made) kernels.free(handle)
  return { values, scores }
}
