import type { LabelledImages } from './dataset.js'
import { generator, purposes, shuffleInPlace } from './random.js'

/** A partition of image indices, each half in ascending order. */
export interface Split {
  readonly selected: Uint32Array
  readonly rest: Uint32Array
}

/** Of all images, in their order. */
export const allIndices = (dataset: Pick<LabelledImages, 'count'>): Uint32Array =>
  Uint32Array.from({ length: dataset.count }, (_, i) => i)

const stratified = (
  caller: string,
  purpose: number,
  dataset: Pick<LabelledImages, 'labels' | 'classNames'>,
  share: number,
  seed: number,
  indices: ArrayLike<number>,
): Split => {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`${caller}: the share must be between 0 and 1, got ${share}`)
  const byClass: number[][] = dataset.classNames.map(() => [])
  for (let i = 0; i < indices.length; i++) byClass[dataset.labels[indices[i]!]!]!.push(indices[i]!)
  const selected: number[] = []
  const rest: number[] = []
  let seen = 0
  byClass.forEach((members, label) => {
    seen += members.length
    const take = Math.round(share * seen) - selected.length
    const order = shuffleInPlace(Uint32Array.from(members), generator(seed, purpose, label))
    selected.push(...order.subarray(0, take))
    rest.push(...order.subarray(take))
  })
  return { selected: Uint32Array.from(selected).sort(), rest: Uint32Array.from(rest).sort() }
}

/**
 * Splits image indices at random, class by class: `selected` gets `round(share * n)` of the n indices, and of every
 * class within one image of its share. A pure function of its arguments.
 *
 * @param share 0 to 1.
 * @param indices Default: all images.
 */
export const split = (
  dataset: Pick<LabelledImages, 'labels' | 'classNames' | 'count'>,
  share: number,
  seed: number,
  indices: ArrayLike<number> = allIndices(dataset),
): Split => stratified('split', purposes.split, dataset, share, seed, indices)

/** A random part of the images, balanced as in `split`, in ascending order; its choice does not go with that of `split` for the same seed. */
export const subset = (
  dataset: Pick<LabelledImages, 'labels' | 'classNames' | 'count'>,
  share: number,
  seed: number,
  indices: ArrayLike<number> = allIndices(dataset),
): Uint32Array => stratified('subset', purposes.subset, dataset, share, seed, indices).selected

/** The indices in a random order that depends on seed and epoch. @param epoch Default 0. */
export const shuffle = (indices: ArrayLike<number>, seed: number, epoch = 0): Uint32Array =>
  shuffleInPlace(Uint32Array.from(indices), generator(seed, purposes.shuffle, epoch))
