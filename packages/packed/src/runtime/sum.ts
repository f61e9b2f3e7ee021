import type { Kernels } from '../kernels/exports.js'
import type { BinaryConvolutionTerm, ConvolutionTerm, PoolingTerm, SumStep, Term } from '../program.js'
import { floats, planGather } from './gather.js'
import { groupsOf, type MapPlace, padded, quadsOf } from './maps.js'
import type { Plan } from './plan.js'
import { type Loop, planProducts } from './products.js'

type Run = (kernels: Kernels) => void

/** Floats of the kernels' sixteen-channel groups, with zeros after the last channel. */
const floatsOf = (plan: Plan, values: Float32Array): number => {
  const length = 16 * groupsOf(values.length)
  return plan.constant(4 * length, () => padded(values, length))
}

const planBinary = (
  plan: Plan,
  loop: Loop,
  { inputs, window, signs, scale, channel }: BinaryConvolutionTerm,
  places: readonly MapPlace[],
  to: MapPlace,
  bias: number,
): Run => {
  const operands = inputs.map(input => places[input]!)
  const { args, loop: code, gather, release } = planProducts(plan, loop, operands, window, signs, scale.length)
  const scales = floatsOf(plan, scale)
  release()
  const address = to.address + 4 * channel
  const quads = quadsOf(scale.length)
  return kernels => {
    gather(kernels)
    kernels.addProducts(args, code, to.height, address, to.pixel, quads, scales, bias)
  }
}

const planFloat = (
  plan: Plan,
  { inputs, window, relu, filters, outputs, channel }: ConvolutionTerm,
  places: readonly MapPlace[],
  to: MapPlace,
  bias: number,
): Run => {
  const gathered = planGather(
    plan,
    inputs.map(input => places[input]!),
    window,
    floats,
    relu,
  )
  const groups = groupsOf(outputs)
  const products = filters.length / outputs
  const weights = plan.constant(64 * groups * products, () => {
    const laid = new Float32Array(16 * groups * products)
    for (let i = 0; i < products; i++)
      for (let o = 0; o < outputs; o++) laid[((o >> 4) * products + i) * 16 + (o & 15)] = filters[i * outputs + o]!
    return laid
  })
  const toPixel = 64 * groups
  const row = plan.allocate((gathered.columns.outputs + 1) * toPixel)
  const args = plan.record([...gathered.fields, weights, groups, 0, 0, row, toPixel])
  plan.release(gathered.address)
  plan.release(row)
  const address = to.address + 4 * channel
  const quads = quadsOf(outputs)
  return kernels => {
    gathered.run(kernels)
    kernels.addFloats(args, to.height, address, to.pixel, quads, bias)
  }
}

const planPooling = (plan: Plan, term: PoolingTerm, from: MapPlace, to: MapPlace, bias: number): Run => {
  const { size, stride, dilation } = term.window
  const row = plan.allocate(from.width * from.pixel)
  const args = plan.record([
    ...[from.address, to.address, from.height, from.width, to.height, to.width, from.pixel],
    ...[size, stride, dilation, floatsOf(plan, term.scale), bias, row],
  ])
  plan.release(row)
  const max = term.kind === 'max-pooling' ? 1 : 0
  return kernels => kernels.pool(args, max)
}

/** Whether a term adds to every channel. */
const covers = (term: Term, channels: number): boolean => {
  if (term.kind === 'binary-convolution') return term.scale.length === channels
  return term.kind !== 'convolution' || term.outputs === channels
}

/** A sum: its first term takes the bias along where it can, else the bias is laid down first. */
export const planSum = (
  plan: Plan,
  loop: Loop,
  { terms, bias }: SumStep,
  places: readonly MapPlace[],
  to: MapPlace,
): readonly Run[] => {
  const start = floatsOf(plan, bias)
  const along = terms[0] !== undefined && covers(terms[0], bias.length)
  const pixels = to.height * to.width
  const runs = terms.map((term, i): Run => {
    const before = along && i === 0 ? start : 0
    switch (term.kind) {
      case 'binary-convolution':
        return planBinary(plan, loop, term, places, to, before)
      case 'convolution':
        return planFloat(plan, term, places, to, before)
      case 'identity': {
        const { address } = places[term.input]!
        return kernels => kernels.add(address, to.address, pixels, to.pixel, before)
      }
      default:
        return planPooling(plan, term, places[term.input]!, to, before)
    }
  })
  return along ? runs : [kernels => kernels.fill(to.address, pixels, to.pixel, start), ...runs]
}
