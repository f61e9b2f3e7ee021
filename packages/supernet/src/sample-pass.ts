import { generatorFor } from '@cpnas/core'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { Genotype, Mixture } from './genotype.js'

/** Fisher-Yates. */
const shuffled = <A>(values: readonly A[], generator: RandomGenerator): readonly A[] => {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i)
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}

/**
 * The architectures of one pass, sampled without replacement: with K operations remaining an edge there are K
 * architectures, and every remaining operation of every edge stands in exactly one of them. Edges are independent and
 * uniform. The same seed (an integer) gives the same pass. Throws RangeError if edges differ in how many operations remain.
 * Source: CP-NAS, search algorithm.
 */
export const samplePass = (remaining: Mixture, seed: number): readonly Genotype[] => {
  const count = remaining.normal[0]?.length ?? 0
  if ([...remaining.normal, ...remaining.reduce].some(edge => edge.length !== count))
    throw new RangeError('samplePass: every edge must have the same number of remaining operations')
  const generator = generatorFor(seed, 'pass')
  const normal = remaining.normal.map(edge => shuffled(edge, generator))
  const reduce = remaining.reduce.map(edge => shuffled(edge, generator))
  return Array.from({ length: count }, (_, sample) => ({
    normal: normal.map(edge => edge[sample]!),
    reduce: reduce.map(edge => edge[sample]!),
  }))
}
