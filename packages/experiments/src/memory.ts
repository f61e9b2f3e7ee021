import { type Shape, sizeOf } from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { availableMemory } from '@cpnas/core/memory'
import * as E from 'fp-ts/lib/Either.js'

/** What determines the memory that a network needs at least. */
export interface Need {
  /** Of all sets of weights that are trained. */
  readonly shapes: readonly Readonly<Record<string, Shape>>[]
  /** Numbers that the optimizer keeps of every weight. */
  readonly moments: number
  readonly channels: number
  readonly batchSize: number
  readonly image: { readonly height: number; readonly width: number }
}

/** Of a 32-bit number. */
const bytesOfFloat = 4
/** What WebAssembly can address; a GPU's own memory is not known before it is asked for. */
const mostOfWasm = 4 * 2 ** 30
const inWasm = (backend: string): boolean => ['wasm', 'onednn', 'onednn-bf16'].includes(backend)

/** Bytes that this process may have. */
const available = (backend: string): number =>
  inWasm(backend) ? Math.min(availableMemory(), mostOfWasm) : availableMemory()

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

const countOf = (shapes: Readonly<Record<string, Shape>>): number =>
  Object.values(shapes).reduce((sum, shape) => sum + sizeOf(shape), 0)

/**
 * InvalidOption if the weights with their gradients and moments, or the stem's output of one batch with its gradient, cannot fit the
 * memory: a bound from below, so what passes may still be too large for the device.
 */
export const checkMemory = (
  { shapes, moments, channels, batchSize, image }: Need,
  backend: string,
): E.Either<CpnasError, void> => {
  const most = available(backend)
  const weights = shapes.reduce((sum, one) => sum + countOf(one), 0) * (2 + moments) * bytesOfFloat
  const batch = 2 * batchSize * image.height * image.width * channels * bytesOfFloat
  if (weights + batch <= most) return E.right(undefined)
  const where = weights > batch ? 'channels' : 'batchSize'
  const what =
    weights > batch
      ? `${channels} channels take ${gibibytes(weights)} of memory for the weights`
      : `a batch of ${batchSize} images of ${image.height}x${image.width} with ${channels} channels takes ${gibibytes(batch)} of memory`
  return E.left(
    cpnasError(
      'InvalidOption',
      where,
      `${what}, and there are ${gibibytes(most)}${most === mostOfWasm && inWasm(backend) ? ` in the ${backend} engine` : ''}`,
      weights > batch ? 'Give fewer' : 'Give a smaller batch, fewer channels, or smaller images',
    ),
  )
}
