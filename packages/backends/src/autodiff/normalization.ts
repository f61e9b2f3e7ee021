import type { Backend, Normalization } from '../backend.js'
import { ShapeError } from '../errors.js'
import { sizeOf } from '../shape.js'
import { checkIs, checkNotScalar, checkSame } from './check.js'
import { addSame, addTo, temporaries } from './gradient.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

/** A normalization of x as the affine map h = x * scale + shift per channel, with its way back. */
export interface Affine<H> {
  readonly scale: H
  readonly shift: H
  /** Handles the operation has to own, scale and shift among them. */
  readonly saved: readonly H[]
  readonly operands: readonly Tensor<H>[]
  /** Whether anything takes a gradient in the backward pass that is running. */
  receives(): boolean
  /** Gives x, gamma and beta their gradients from the gradient of h, which stays the caller's. */
  backward(dh: H): void
}

/** Per channel, of dx = scale * dh + slope * x + offset. */
interface Correction<H> {
  readonly slope: H
  readonly offset: H
}

export const affineOf = <H>(
  operation: string,
  { kernels, give, receives }: Recorder<H>,
  x: Tensor<H>,
  { gamma, beta, epsilon = 1e-5, statistics }: Normalization<Tensor<H>>,
): Affine<H> => {
  checkNotScalar(operation, x.shape)
  const channels = x.shape.slice(-1)
  const vectors = { gamma, beta, 'statistics.mean': statistics?.mean, 'statistics.variance': statistics?.variance }
  for (const [name, vector] of Object.entries(vectors))
    if (vector !== undefined) checkIs(operation, name, vector.shape, channels)

  const saved: H[] = []
  const owned = (handle: H): H => {
    saved.push(handle)
    return handle
  }
  const { keep, free } = temporaries(kernels)
  const moments = statistics === undefined ? kernels.moments(x.handle) : undefined
  const mean = moments === undefined ? statistics!.mean.handle : owned(moments.mean)
  const variance = moments === undefined ? statistics!.variance.handle : keep(moments.variance)
  const deviation = keep(kernels.unary('sqrt', keep(kernels.binary('add', variance, keep(kernels.fill(epsilon, []))))))
  const inverse = owned(kernels.binary('div', keep(kernels.fill(1, [])), deviation))
  const scale = gamma === undefined ? inverse : owned(kernels.binary('mul', gamma.handle, inverse))
  const center = keep(kernels.binary('mul', mean, scale))
  const shift = owned(beta === undefined ? kernels.unary('neg', center) : kernels.binary('sub', beta.handle, center))
  free()

  const xReceives = () => receives(x)
  const parameterReceives = () => (gamma !== undefined && receives(gamma)) || (beta !== undefined && receives(beta))

  /**
   * Ioffe and Szegedy, Batch Normalization (2015), the derivative of x by the mean and variance of the batch:
   * dx = scale * (dh - mean(dh) - (x - mean) / deviation * mean(dh * (x - mean) / deviation)).
   */
  const correction = (dhSum: H, dhxSum: H): Correction<H> => {
    const temporary = temporaries(kernels)
    const { keep } = temporary
    const share = keep(kernels.fill(-sizeOf(channels) / sizeOf(x.shape), []))
    const scaleShare = keep(kernels.binary('mul', scale, share))
    const precision = keep(kernels.binary('mul', inverse, inverse))
    const slope = kernels.binary('mul', scaleShare, keep(kernels.binary('mul', precision, dhxSum)))
    const offset = kernels.binary(
      'sub',
      keep(kernels.binary('mul', scaleShare, dhSum)),
      keep(kernels.binary('mul', slope, mean)),
    )
    temporary.free()
    return { slope, offset }
  }

  return {
    scale,
    shift,
    saved,
    operands: [x, ...Object.values(vectors).flatMap(vector => vector ?? [])],
    receives: () => xReceives() || parameterReceives(),
    backward: dh => {
      if (!parameterReceives() && statistics !== undefined) {
        give(x, into => kernels.affineSum([{ x: dh, scale }], undefined, into))
        return
      }
      const sums = kernels.channelSums(dh, x.handle, mean)
      if (beta !== undefined) give(beta, into => addSame(kernels, into, sums.dy, channels))
      if (gamma !== undefined) give(gamma, into => addTo(kernels, into, kernels.binary('mul', sums.dyx, inverse)))
      give(x, into => {
        if (statistics !== undefined) return kernels.affineSum([{ x: dh, scale }], undefined, into)
        const { slope, offset } = correction(sums.dy, sums.dyx)
        const gradient = kernels.affineSum(
          [
            { x: dh, scale },
            { x: x.handle, scale: slope },
          ],
          offset,
          into,
        )
        kernels.free(slope)
        kernels.free(offset)
        return gradient
      })
      kernels.free(sums.dy)
      kernels.free(sums.dyx)
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
    return record({
      name,
      handle,
      shape,
      operands: addends.flatMap(({ x, affine }) => affine?.operands ?? [x]),
      saved: affines.flatMap(({ saved }) => saved),
      backward: dy => {
        for (const { x, affine } of addends)
          if (affine === undefined) give(x, into => addSame(kernels, into, dy, shape))
          else if (affine.receives()) affine.backward(dy)
      },
    })
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
