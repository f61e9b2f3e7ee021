import type { Backend, Normalization } from '../backend.js'
import { ShapeError } from '../errors.js'
import { sizeOf } from '../shape.js'
import { checkIs, checkNotScalar, checkSame } from './check.js'
import { addSame, addTo, temporaries } from './gradient.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

/** Sums over the channels of dh: see `Kernels.channelSums`. */
interface ChannelSums<H> {
  readonly dy: H
  readonly dyx: H
}

/** A normalization of x as the affine map h = x * scale + shift per channel, with its way back. */
export interface Affine<H> {
  readonly scale: H
  readonly shift: H
  readonly mean: H
  /** Handles that the operation owns, including scale and shift. */
  readonly saved: readonly H[]
  readonly operands: readonly Tensor<H>[]
  /** Reports the statistics of the batch to the caller that asked for them. */
  report(): void
  /** Whether anything takes a gradient in the backward pass that is running. */
  receives(): boolean
  /** Whether `backward` needs the channel sums of dh. */
  needsSums(): boolean
  /** Gives x, gamma and beta their gradients from that of h; dh stays the caller's, the sums are consumed. */
  backward(dh: H, sums: ChannelSums<H> | undefined): void
}

export const affineOf = <H>(
  operation: string,
  { kernels, give, giveAffine, receives, untracked }: Recorder<H>,
  x: Tensor<H>,
  { gamma, beta, epsilon = 1e-5, statistics, observe }: Normalization<Tensor<H>>,
): Affine<H> => {
  checkNotScalar(operation, x.shape)
  const channels = x.shape.slice(-1)
  const vectors = { gamma, beta, 'statistics.mean': statistics?.mean, 'statistics.variance': statistics?.variance }
  for (const [name, vector] of Object.entries(vectors))
    if (vector !== undefined) checkIs(operation, name, vector.shape, channels)

  const moments = statistics === undefined ? kernels.moments(x.handle) : undefined
  const mean = moments?.mean ?? statistics!.mean.handle
  const variance = moments?.variance ?? statistics!.variance.handle
  const folded = kernels.foldNormalization(mean, variance, epsilon, gamma?.handle, beta?.handle)
  const { precision, scale, shift } = folded
  const observed = moments &&
    observe && {
      mean: untracked(kernels.reshape(moments.mean, channels), channels),
      variance: untracked(moments.variance, channels),
    }
  if (moments !== undefined && observed === undefined) kernels.free(moments.variance)

  const parameterReceives = () => (gamma !== undefined && receives(gamma)) || (beta !== undefined && receives(beta))
  return {
    scale,
    shift,
    mean,
    saved: [precision, scale, shift, ...(moments === undefined ? [] : [mean])],
    operands: [x, ...Object.values(vectors).flatMap(vector => vector ?? [])],
    report: () => {
      if (observed !== undefined) observe!(observed)
    },
    receives: () => receives(x) || parameterReceives(),
    needsSums: () => parameterReceives() || (statistics === undefined && receives(x)),
    backward: (dh, sums) => {
      if (sums !== undefined && beta !== undefined) give(beta, into => addSame(kernels, into, sums.dy, channels))
      if (sums !== undefined && gamma !== undefined)
        give(gamma, into => addTo(kernels, into, kernels.binary('mul', sums.dyx, precision)))
      if (sums === undefined || statistics !== undefined)
        give(x, into => kernels.affineSum([{ x: dh, scale }], undefined, into))
      else if (receives(x)) {
        const count = sizeOf(x.shape) / sizeOf(channels)
        giveAffine(x, dh, { scale, ...kernels.foldNormalizationGrad(mean, folded, sums, count) })
      }
      if (sums !== undefined) {
        kernels.free(sums.dy)
        kernels.free(sums.dyx)
      }
    },
  }
}

type Normalizing<H> = Pick<Backend<Tensor<H>>, 'batchNorm' | 'normalizedSum' | 'moments'>

export const normalizing = <H>(recorder: Recorder<H>): Normalizing<H> => {
  const { kernels, record, give, untracked } = recorder

  const normalizedSum = (
    name: string,
    terms: readonly { readonly x: Tensor<H>; readonly normalization?: Normalization<Tensor<H>> }[],
  ): Tensor<H> => {
    const first = terms[0]
    if (first === undefined) throw new ShapeError(`${name}: there must be at least one term`)
    const { shape } = first.x
    for (const { x } of terms) checkSame(name, shape, x.shape)
    const addends = terms.map(({ x, normalization }) => ({
      x,
      affine: normalization && affineOf(name, recorder, x, normalization),
    }))
    const affines = addends.flatMap(({ affine }) => affine ?? [])
    const { keep, free } = temporaries(kernels)
    const shift = affines
      .map(({ shift }) => shift)
      .reduce<H | undefined>(
        (sum, shift) => (sum === undefined ? shift : keep(kernels.binary('add', sum, shift))),
        undefined,
      )
    const handle = kernels.affineSum(
      addends.map(({ x, affine }) => (affine === undefined ? { x: x.handle } : { x: x.handle, scale: affine.scale })),
      shift,
    )
    free()
    const sum = record({
      name,
      handle,
      shape,
      operands: addends.flatMap(({ x, affine }) => affine?.operands ?? [x]),
      saved: affines.flatMap(({ saved }) => saved),
      backward: dy => {
        const summed = addends.filter(({ affine }) => affine?.needsSums())
        const sums =
          summed.length === 0
            ? undefined
            : kernels.channelSums(
                dy,
                summed.map(({ x, affine }) => ({ x: x.handle, mean: affine!.mean })),
              )
        const sumsOf = new Map(summed.map(({ affine }, i) => [affine, sums!.dyx[i]!]))
        for (const { x, affine } of addends)
          if (affine === undefined) give(x, into => addSame(kernels, into, dy, shape))
          else if (affine.receives()) {
            const dyx = sumsOf.get(affine)
            affine.backward(dy, dyx === undefined ? undefined : { dy: kernels.reshape(sums!.dy, shape.slice(-1)), dyx })
          }
        if (sums !== undefined) kernels.free(sums.dy)
      },
    })
    for (const { report } of affines) report()
    return sum
  }

  return {
    normalizedSum: terms => normalizedSum('normalizedSum', terms),
    batchNorm: (x, normalization = {}) => normalizedSum('batchNorm', [{ x, normalization }]),
    moments: x => {
      checkNotScalar('moments', x.shape)
      const channels = x.shape.slice(-1)
      const { mean, variance } = kernels.moments(x.handle)
      return { mean: untracked(mean, channels), variance: untracked(variance, channels) }
    },
  }
}
