import { backendOf, type Kernels, type ReferenceTensor, referenceKernels, sizeOf } from '@cpnas/backends'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { type KernelName, kernelCases } from '../../packages/backends/test/kernel-cases.js'
import { type Lesson, learn } from './learning.js'
import { resultsOf } from './trace.js'

/** Thirty-two times what float32 rounds by. */
const noise = 2 ** -19

/** These move values and round none. */
const exact: readonly KernelName[] = ['reshape', 'transpose', 'slice', 'pad', 'concat', 'fill', 'argMax', 'maxPool']

/** The reference with a random relative error of up to `noise` in every value of every result. */
const noisyKernels = (seed: number): Kernels<ReferenceTensor> => {
  const k = referenceKernels()
  const generator = xoroshiro128plus(seed)
  const disturbed = (x: ReferenceTensor): ReferenceTensor => {
    const shape = k.shapeOf(x)
    const factors = Array.from({ length: sizeOf(shape) }, () => 1 + noise * (2 * uniformFloat64(generator) - 1))
    return k.binary('mul', x, k.fromValues(factors, shape))
  }
  const wrapped = kernelCases
    .filter(([kernel]) => !exact.includes(kernel))
    .map(([kernel]) => [
      kernel,
      (...args: readonly unknown[]) => {
        const result = (k[kernel] as (...args: readonly unknown[]) => unknown)(...args)
        const known = new Map(resultsOf<ReferenceTensor>(kernel, result).map(x => [x, disturbed(x)]))
        return replaceIn(result, known)
      },
    ])
  return { ...k, ...Object.fromEntries(wrapped) }
}

const replaceIn = (tree: unknown, known: ReadonlyMap<unknown, unknown>): unknown => {
  if (known.has(tree)) return known.get(tree)
  if (Array.isArray(tree)) return tree.map(x => replaceIn(x, known))
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(Object.entries(tree).map(([name, x]) => [name, replaceIn(x, known)]))
}

type Learnt = Readonly<Record<string, ArrayLike<number>>>

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))

/**
 * How far apart two runs of one step are: the gradients (a first step's velocities) as one vector, by its norm, and the loss, by
 * its value; the worse of the two.
 */
export const apart = (a: Learnt, b: Learnt): number => {
  const gradient = (x: Learnt) =>
    Object.keys(a)
      .filter(name => name.startsWith('velocity'))
      .flatMap(name => Array.from(x[name]!))
  const [mine, theirs] = [gradient(a), gradient(b)]
  const loss = (x: Learnt): number => x['loss 1']![0]!
  return Math.max(norm(mine.map((v, i) => v - theirs[i]!)) / norm(theirs), Math.abs(loss(a) / loss(b) - 1))
}

/**
 * What the reference learns in one step, if that is not a matter of roundings: where a sign, a slope or a maximum hangs by
 * less than the noise (in a Child, often: see `replay`), no engine can be held to it and there is nothing to compare.
 */
export const stableExpectation = async (lesson: Lesson, tolerance: number): Promise<Learnt | undefined> => {
  const expected = await learn(backendOf(referenceKernels()), lesson, 1)
  for (const seed of [1, 2, 3])
    if (!(apart(await learn(backendOf(noisyKernels(seed)), lesson, 1), expected) < tolerance)) return undefined
  return expected
}
