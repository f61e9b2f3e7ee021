import type { Kernels } from '../kernels/exports.js'
import type { BinaryConvolutionStep, ClassifierStep, Step } from '../program.js'
import { planDepthwise } from './depthwise.js'
import { groupsOf, type MapPlace, padded, quadsOf } from './maps.js'
import type { Plan } from './plan.js'
import { type Loop, planProducts } from './products.js'
import { planSum } from './sum.js'

type Run = (kernels: Kernels) => void

const planBinary = (
  plan: Plan,
  loop: Loop,
  { inputs, window, signs, thresholds }: BinaryConvolutionStep,
  places: readonly MapPlace[],
  to: MapPlace,
): Run => {
  const operands = inputs.map(input => places[input]!)
  const products = planProducts(plan, loop, operands, window, signs, thresholds.length)
  const { args, loop: code, bytes, gather, release } = products
  const lanes = 16 * groupsOf(thresholds.length)
  const [above, most] = bytes ? [128, 255] : [32_768, 65_535]
  const limits = plan.constant(lanes * (bytes ? 1 : 2), () =>
    new (bytes ? Uint8Array : Uint16Array)(lanes)
      .fill(most)
      .map((never, o) => (o < thresholds.length ? Math.min(Math.max(thresholds[o]! + above, 0), most) : never)),
  )
  release()
  return kernels => {
    gather(kernels)
    kernels.compareProducts(args, code, to.height, to.address, to.pixel, limits)
  }
}

const planClassifier = (
  plan: Plan,
  { inputs, weights, bias }: ClassifierStep,
  places: readonly MapPlace[],
  to: MapPlace,
): readonly Run[] => {
  const classes = bias.length
  const features = weights.length / classes
  const bytes = 16 * quadsOf(classes)
  const rows = plan.constant(features * bytes, () => {
    const laid = new Float32Array((features * bytes) / 4)
    for (let i = 0; i < features; i++) laid.set(weights.subarray(i * classes, (i + 1) * classes), (i * bytes) / 4)
    return laid
  })
  const start = plan.constant(bytes, () => padded(bias, bytes / 4))
  const means = plan.allocate(4 * features)
  plan.release(means)
  let first = means
  const runs = inputs.map((input): Run => {
    const { address, height, width, pixel, channels } = places[input]!
    const at = first
    first += 4 * channels
    return kernels => kernels.means(address, at, height * width, pixel)
  })
  return [
    ...runs,
    kernels => {
      kernels.fill(to.address, 1, bytes, start)
      kernels.dense(means, features, rows, to.address, bytes)
    },
  ]
}

/** The calls of kernels that make the value of a step from those before it. */
export const planStep = (
  plan: Plan,
  loop: Loop,
  step: Step,
  places: readonly MapPlace[],
  to: MapPlace,
): readonly Run[] => {
  const pixels = to.height * to.width
  switch (step.kind) {
    case 'sum':
      return planSum(plan, loop, step, places, to)
    case 'sign': {
      const { address, pixel, channels } = places[step.input]!
      return [kernels => kernels.signs(address, to.address, pixels, pixel, to.pixel, channels)]
    }
    case 'prelu': {
      const { address } = places[step.input]!
      const length = 4 * quadsOf(step.slope.length)
      const slope = plan.constant(4 * length, () => padded(step.slope, length))
      return [kernels => kernels.prelu(address, to.address, pixels, to.pixel, slope)]
    }
    case 'binary-convolution':
      return [planBinary(plan, loop, step, places, to)]
    case 'binary-depthwise':
      return [planDepthwise(plan, step, places[step.input]!, to)]
    case 'classifier':
      return planClassifier(plan, step, places, to)
  }
}
