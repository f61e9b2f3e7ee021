import type { Kernels } from '@cpnas/backends'
import type { KernelCase } from './kernel-cases.js'

/** Half the distance from 1 to the next float32. */
const unit = 2 ** -24

/** The largest float32. */
const largest = (2 - 2 ** -23) * 2 ** 127

/**
 * An output is a sum of products; each of its `terms` roundings errs by at most `unit` of the sum of absolute terms
 * (`magnitude`), whatever the order of summation (Higham, Accuracy and Stability of Numerical Algorithms, 4.2). Operands
 * are float32 on both sides, so nothing else differs. The factor 2 covers rounding within a term. Where the terms
 * may overflow, or are not numbers, anything that follows from it is right: the bound is infinite.
 */
export const float32Bound = (terms: number, magnitude: number): number =>
  magnitude <= largest ? 2 * unit * (terms + 4) * magnitude + 1e-37 : Number.POSITIVE_INFINITY

/** The value of a result that is off most, measured by its bound. */
export interface WorstError {
  /** |actual - expected| / bound: right is at most 1, or an engine's stated factor. */
  readonly ratio: number
  readonly where: string
}

const distance = (actual: number, expected: number): number =>
  Object.is(actual, expected) ? 0 : Math.abs(actual - expected)

/** The worst of results' values; what has the wrong length, or is not a number where one is due, is infinitely wrong. */
export const worstError = (
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  bound: (output: number, element: number) => number,
): WorstError => {
  let worst: WorstError = { ratio: 0, where: '' }
  expected.forEach((values, output) => {
    const got = actual[output]
    if (got?.length !== values.length) {
      worst = {
        ratio: Number.POSITIVE_INFINITY,
        where: `output ${output}: ${got?.length} values instead of ${values.length}`,
      }
      return
    }
    for (let i = 0; i < values.length; i++) {
      const allowed = bound(output, i)
      if (allowed === Number.POSITIVE_INFINITY) continue
      const ratio = distance(got[i]!, values[i]!) / allowed
      if (ratio <= worst.ratio) continue
      worst = {
        ratio: Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio,
        where: `output ${output}, element ${i}: ${got[i]} instead of ${values[i]}, allowed ${allowed}`,
      }
    }
  })
  return worst
}

const valuesOf = async <H>(kernels: Kernels<H>, run: KernelCase['run']): Promise<readonly ArrayLike<number>[]> => {
  const handles = run(kernels)
  const values = await Promise.all(handles.map(handle => kernels.read(handle)))
  for (const handle of handles) kernels.free(handle)
  return values
}

/**
 * How far an engine's results of one case are from the reference's. Besides the bound each may be off by `slack`, and by the share `rounded` of
 * its absolute terms.
 */
export const kernelError = async <H, R>(
  engine: Kernels<H>,
  reference: Kernels<R>,
  { run, magnitude, terms }: KernelCase,
  slack = 0,
  rounded = 0,
): Promise<WorstError> => {
  const [actual, expected, magnitudes] = [
    await valuesOf(engine, run),
    await valuesOf(reference, run),
    await valuesOf(reference, magnitude),
  ]
  return worstError(actual, expected, (output, i) => {
    const all = magnitudes[output]![i]!
    return float32Bound(terms, all) + slack + rounded * all
  })
}

/** Throws, naming the value that is off most, if results of one case are not the reference's within the bound. */
export const holdToReference = async <H, R>(
  engine: Kernels<H>,
  reference: Kernels<R>,
  kernelCase: KernelCase,
  slack?: number,
  rounded?: number,
): Promise<void> => {
  const { ratio, where } = await kernelError(engine, reference, kernelCase, slack, rounded)
  if (ratio > 1) throw new Error(where)
}
