import { generatorFor } from '@cpnas/core'
import { mean, permutationTest, sampleStandardDeviation, sampleVariance } from 'simple-statistics'

/** Kendall's tau-b of two lists: 1 where they order alike, -1 where they order the other way around; ties count for neither. */
export const kendallTau = (a: readonly number[], b: readonly number[]): number => {
  let agreement = 0
  let untiedA = 0
  let untiedB = 0
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const x = Math.sign(a[i]! - a[j]!)
      const y = Math.sign(b[i]! - b[j]!)
      agreement += x * y
      untiedA += Math.abs(x)
      untiedB += Math.abs(y)
    }
  return untiedA === 0 || untiedB === 0 ? 0 : agreement / Math.sqrt(untiedA * untiedB)
}

/** A difference of means, two standard errors of it, and the p of a two-sided test. */
export interface TestedDifference {
  readonly mean: number
  readonly error: number
  readonly p: number
}

const flips = 10_000

/**
 * Whether paired differences are centred at 0: their mean, two standard errors of it, and the two-sided p of a sign-flip test with 10,000
 * random flips of a fixed seed, at least 1 / 10,001.
 */
export const pairedTest = (differences: readonly number[]): TestedDifference => {
  const n = differences.length
  const observed = mean([...differences])
  const generator = generatorFor(n, 'flips')
  let extreme = 1
  for (let flip = 0; flip < flips; flip++) {
    let sum = 0
    for (let i = 0; i < n; i += 32) {
      let signs = generator.next()
      for (let j = i; j < Math.min(n, i + 32); j++) {
        sum += (signs & 1) === 0 ? differences[j]! : -differences[j]!
        signs >>>= 1
      }
    }
    if (Math.abs(sum / n) >= Math.abs(observed) - 1e-12) extreme += 1
  }
  return {
    mean: observed,
    error: n > 1 ? (2 * sampleStandardDeviation([...differences])) / Math.sqrt(n) : 0,
    p: extreme / (flips + 1),
  }
}

const varianceOfMean = (values: readonly number[]): number =>
  values.length > 1 ? sampleVariance([...values]) / values.length : 0

/** Whether two samples have the same mean: that of `a` minus that of `b`, and a permutation test with 10,000 permutations of a fixed seed. */
export const unpairedTest = (a: readonly number[], b: readonly number[]): TestedDifference => {
  const generator = generatorFor(a.length, 'permutations')
  const p = permutationTest([...a], [...b], 'two_side', flips, () => (generator.next() >>> 0) / 2 ** 32)
  return {
    mean: mean([...a]) - mean([...b]),
    error: 2 * Math.sqrt(varianceOfMean(a) + varianceOfMean(b)),
    p: (p * flips + 1) / (flips + 1),
  }
}
