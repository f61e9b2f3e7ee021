import { mersenne } from 'pure-rand/generator/mersenne'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/** FNV-1a, 32 bits. */
export const hashOf = (text: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h | 0
}

/** A generator of its own for every purpose a seed is used for. */
export const generatorFor = (seed: number, purpose: string): RandomGenerator => mersenne(hashOf(`${seed} ${purpose}`))
