import {
  type ConvGradients,
  type Geometry,
  type Gradient,
  type Kernels,
  type Prologue,
  type ReferenceTensor,
  referenceKernels,
  type WantedGradients,
} from '@cpnas/backends'
import { float32Bound, type WorstError, worstError } from '../../packages/backends/test/kernel-errors.js'
import { magnitudesOver } from './magnitudes.js'
import { type Call, mapTree, Operand, resultsOf, type Trace } from './trace.js'

type R = ReferenceTensor
type K = Kernels<R>

/** A call on the engine's own operands, as the reference does it. */
type Evaluate = (k: K, args: readonly unknown[]) => readonly R[]

const asIs =
  ({ kernel }: Call): Evaluate =>
  (k, args) =>
    resultsOf<R>(kernel, (k[kernel] as (...args: readonly unknown[]) => unknown)(...args))

/** x * scale + shift, rounded to float32 after each operation. */
const roundedAffine = async (k: K, x: R, { scale, shift }: NonNullable<Prologue<R>['affine']>): Promise<R> => {
  const [values, scales, shifts] = await Promise.all([k.read(x), k.read(scale), k.read(shift)])
  return k.fromValues(
    values.map((v, i) => Math.fround(Math.fround(v * scales[i % scales.length]!) + shifts[i % shifts.length]!)),
    k.shapeOf(x),
  )
}

/**
 * Where a batch's mean equals one of the few values of a 1-bit convolution, h = x * scale + shift is 0 but for roundings,
 * and they decide a sign. An engine rounds h once (fused multiply-add), as the reference does in effect, or twice. Both
 * are right; nothing in between is.
 */
const roundedTwice = async (k: K, { kernel }: Call, args: readonly unknown[]): Promise<readonly R[] | undefined> => {
  if (kernel === 'conv2d' || kernel === 'depthwiseConv2d') {
    const [x, w, g, { activation, affine }] = args as [R, R, Geometry, Prologue<R>]
    if (affine === undefined || activation === 'identity') return undefined
    return [k[kernel](await roundedAffine(k, x, affine), w, g, { activation })]
  }
  if (kernel === 'conv2dGrad' || kernel === 'depthwiseConv2dGrad') {
    const [dy, w, x, g, p, { input, filters }] = args as [Gradient<R>, R, R, Geometry, Prologue<R>, WantedGradients<R>]
    if (p.affine === undefined || p.activation === 'identity') return undefined
    const h = await roundedAffine(k, x, p.affine)
    const wanted = input ? { filters, input: { into: input.into } } : { filters }
    const gradients: ConvGradients<R> = k[kernel](dy, w, h, g, { activation: p.activation }, wanted)
    const sums = input?.mean && k.channelSums(gradients.input!, [{ x, mean: input.mean }])
    return resultsOf<R>(kernel, { ...gradients, ...(sums && { sums: { dy: sums.dy, dyx: sums.dyx[0] } }) })
  }
  return undefined
}

/** The errors of a trace's calls, each by its bound; where roundings decide a sign, of the better of both ways to round. */
export const replay = async ({ calls, values }: Trace): Promise<readonly (WorstError & { readonly call: Call })[]> => {
  const errors: (WorstError & { readonly call: Call })[] = []
  for (const call of calls) {
    const operands = (k: K) =>
      mapTree(call.args, x => {
        if (!(x instanceof Operand)) return undefined
        const { values: v, shape } = values[x.index]!
        return { to: k.fromValues(v, shape) }
      }) as readonly unknown[]
    const read = (k: K, handles: readonly (R | undefined)[]) =>
      Promise.all(handles.flatMap(handle => (handle === undefined ? [] : [k.read(handle)])))

    const k = referenceKernels()
    const expected = await read(k, asIs(call)(k, operands(k)))
    const other = await roundedTwice(k, call, operands(k))
    const bounding = magnitudesOver(k)[call.kernel] as (...args: readonly unknown[]) => {
      readonly of?: readonly (R | undefined)[]
      readonly terms: number
    }
    const { of, terms } = bounding(...operands(k))
    const magnitudes = of ? await read(k, of) : expected.map(v => v.map(Math.abs))
    const errorTo = (wanted: readonly ArrayLike<number>[]) =>
      worstError(
        call.results.map(i => values[i]!.values),
        wanted,
        (output, i) => float32Bound(terms, magnitudes[output]![i]!),
      )
    const candidates = [errorTo(expected), ...(other ? [errorTo(await read(k, other))] : [])]
    errors.push({ call, ...candidates.reduce((a, b) => (b.ratio < a.ratio ? b : a)) })
  }
  return errors
}
