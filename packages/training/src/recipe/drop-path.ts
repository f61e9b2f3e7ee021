import type { Backend } from '@cpnas/backends'
import { hashOf } from '@cpnas/core'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { TrainingConfig } from './config.js'

/** The probability of an epoch (from 1): from 0 in the first along a line that would reach `dropPath` after the last, as in DARTS. */
export const dropPathAt = ({ dropPath, epochs }: Pick<TrainingConfig, 'dropPath' | 'epochs'>, epoch: number): number =>
  (dropPath * (epoch - 1)) / epochs

/**
 * Masks of a step, one a call: [images, 1, 1, 1], for every image 0 with the given probability, else 1 / (1 - probability), so
 * that the expectation stays (DARTS). They depend on the seed, the place (e.g. stage, epoch, step) and the order of the calls alone.
 */
export const dropPathMasks = <T>(
  backend: Backend<T>,
  images: number,
  probability: number,
  seed: number,
  place: string,
): (() => T) => {
  const generator = xoroshiro128plus(hashOf(`${seed} drop-path ${place}`))
  const kept = 1 / (1 - probability)
  const threshold = probability * 2 ** 32
  return () =>
    backend.tensor(
      Float32Array.from({ length: images }, () => (generator.next() >>> 0 < threshold ? 0 : kept)),
      [images, 1, 1, 1],
    )
}
