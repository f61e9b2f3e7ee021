import type { Kernels, Shape } from '@cpnas/backends'
import { type Data, mapData } from '../arbitraries.js'

/** One call of one kernel on given values. */
export interface KernelCase {
  /** Kernel, shapes, options and seed, to read in a report. */
  readonly name: string
  /** Makes the operands, calls the kernel, frees the operands, and returns the results, which are the caller's. */
  readonly run: <H>(kernels: Kernels<H>) => readonly H[]
  /**
   * For every element of every result the sum of the absolute values of the terms that enter it. An engine of unit
   * roundoff u is right if it differs from exact arithmetic by at most about terms * u * magnitude.
   */
  readonly magnitude: <H>(kernels: Kernels<H>) => readonly H[]
  /** Roundings on the way to one element of a result. */
  readonly terms: number
}

/** Calls f on handles of the operands and frees them, except those that f `consumed`. */
export const onOperands =
  (operands: readonly Data[], f: <H>(kernels: Kernels<H>, ...handles: readonly H[]) => readonly H[], consumed = 0) =>
  <H>(kernels: Kernels<H>): readonly H[] => {
    const handles = operands.map(({ values, shape }) => kernels.fromValues(values, shape))
    const results = f(kernels, ...handles)
    for (const handle of handles.slice(0, handles.length - consumed)) kernels.free(handle)
    return results
  }

export const absolute = (x: Data): Data => mapData(Math.abs, x)

export const describe = (kernel: string, shapes: readonly Shape[], ...details: readonly unknown[]): string =>
  [kernel, ...shapes.map(shape => `[${shape.join(', ')}]`), ...details.map(detail => JSON.stringify(detail))].join(' ')

/** A case whose terms are the absolute values of its operands: magnitude is the same kernel on those. */
export const linearCase = (
  name: string,
  operands: readonly Data[],
  terms: number,
  f: <H>(kernels: Kernels<H>, ...handles: readonly H[]) => readonly H[],
  consumed = 0,
): KernelCase => ({
  name,
  run: onOperands(operands, f, consumed),
  magnitude: onOperands(operands.map(absolute), f, consumed),
  terms,
})

/** A case whose results are off by a few roundings of their own size (exp, log), or by none. */
export const roundedCase = (
  name: string,
  operands: readonly Data[],
  terms: number,
  f: <H>(kernels: Kernels<H>, ...handles: readonly H[]) => readonly H[],
): KernelCase => {
  const run = onOperands(operands, f)
  return {
    name,
    run,
    magnitude: kernels =>
      run(kernels).map(handle => {
        const magnitude = kernels.unary('abs', handle)
        kernels.free(handle)
        return magnitude
      }),
    terms,
  }
}
