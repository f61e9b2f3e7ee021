import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/** Purposes of a seed: different purposes do not share random numbers. */
export const purposes = { split: 1, subset: 2, shuffle: 3, augmentation: 4, view: 5 } as const

/** MurmurHash3's finalizer: neighbouring seeds give unrelated states. */
const mix = (n: number): number => {
  const a = Math.imul(n ^ (n >>> 16), 0x85ebca6b)
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return b ^ (b >>> 16)
}

const combine = (state: number, n: number): number => mix((Math.imul(state, 0x9e3779b1) + n) | 0)

/** A generator that depends on a seed (32 bits) and a path of integers under it, and on nothing else. */
export const generator = (seed: number, ...path: readonly number[]): RandomGenerator =>
  xoroshiro128plus(path.reduce(combine, mix((seed + 0x9e3779b9) | 0)))

/** Fisher-Yates, in place. */
export const shuffleInPlace = (values: Uint32Array, random: RandomGenerator): Uint32Array => {
  for (let i = values.length - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i)
    const kept = values[i]!
    values[i] = values[j]!
    values[j] = kept
  }
  return values
}
