import type { Kernels, Shape, Values } from '@cpnas/backends'
import { type KernelName, kernelCases } from '../../packages/backends/test/kernel-cases.js'

/** A tensor among a call's recorded arguments: the number of its values in `Trace.values`. */
export class Operand {
  readonly index: number
  constructor(index: number) {
    this.index = index
  }
}

/** A call of a kernel: its arguments with an `Operand` for every handle, and its results in the order of `resultsOf`. */
export interface Call {
  readonly kernel: KernelName
  readonly args: readonly unknown[]
  readonly results: readonly number[]
}

/** Every value that a kernel took or gave, and the calls in order. */
export interface Trace {
  readonly calls: readonly Call[]
  readonly values: readonly { readonly values: Values; readonly shape: Shape }[]
}

const present = <H>(handles: readonly (H | undefined)[]): readonly H[] => handles.flatMap(h => h ?? [])

type Results<H> = { readonly [K in KernelName]?: (result: ReturnType<Kernels<H>[K]>) => readonly (H | undefined)[] }

const results = <H>(): Results<H> => ({
  conv2dGrad: ({ input, filters, sums }) => [input, filters, sums?.dy, sums?.dyx],
  depthwiseConv2dGrad: ({ input, filters, sums }) => [input, filters, sums?.dy, sums?.dyx],
  preluGrad: ({ input, slope }) => [input, slope],
  moments: ({ mean, variance }) => [mean, variance],
  channelSums: ({ dy, dyx }) => [dy, ...dyx],
  foldNormalization: ({ precision, scale, shift }) => [precision, scale, shift],
  foldNormalizationGrad: ({ slope, offset }) => [slope, offset],
  sgdStep: updated => updated.flatMap(({ parameter, velocity }) => [parameter, velocity]),
  adamStep: updated => updated.flatMap(({ parameter, first, second }) => [parameter, first, second]),
})

/** The handles in what a kernel returned. */
export const resultsOf = <H>(kernel: KernelName, result: unknown): readonly H[] => {
  const pick = results<H>()[kernel] as ((result: unknown) => readonly (H | undefined)[]) | undefined
  return pick ? present(pick(result)) : [result as H]
}

/** The same tree of arrays and records with other leaves. */
export const mapTree = (tree: unknown, leaf: (x: object) => { readonly to: unknown } | undefined): unknown => {
  if (typeof tree !== 'object' || tree === null) return tree
  const mapped = leaf(tree)
  if (mapped) return mapped.to
  return Array.isArray(tree)
    ? tree.map(x => mapTree(x, leaf))
    : Object.fromEntries(Object.entries(tree).map(([name, x]) => [name, mapTree(x, leaf)]))
}

/**
 * An engine that writes down all it does, with a copy of every value taken as soon as it is there, so that what is
 * changed later under anybody's hands shows. `finish` reads the copies and frees them.
 */
export const tracing = <H extends object>(
  engine: Kernels<H>,
): { readonly kernels: Kernels<H>; readonly finish: () => Promise<Trace> } => {
  const copies: H[] = []
  const known = new Map<object, number>()
  const calls: Call[] = []

  const keep = (handle: H): number => {
    known.set(handle, copies.length)
    return copies.push(engine.linearCombination(1, handle, 0, handle)) - 1
  }
  const recorded = (args: readonly unknown[]): readonly unknown[] =>
    mapTree(args, x => {
      const index = known.get(x)
      return index === undefined ? undefined : { to: new Operand(index) }
    }) as readonly unknown[]

  const observed = Object.fromEntries(
    kernelCases.map(([kernel]) => [
      kernel,
      (...args: readonly unknown[]) => {
        const call = { kernel, args: recorded(args) }
        const result = (engine[kernel] as (...args: readonly unknown[]) => unknown)(...args)
        calls.push({ ...call, results: resultsOf<H>(kernel, result).map(keep) })
        return result
      },
    ]),
  ) as unknown as Pick<Kernels<H>, KernelName>

  return {
    kernels: {
      ...engine,
      ...observed,
      fromValues: (values, shape) => {
        const handle = engine.fromValues(values, shape)
        keep(handle)
        return handle
      },
      free: handle => {
        known.delete(handle)
        engine.free(handle)
      },
    },
    finish: async () => {
      const shapes = copies.map(copy => engine.shapeOf(copy))
      const values = await Promise.all(copies.map(copy => engine.read(copy)))
      for (const copy of copies.splice(0)) engine.free(copy)
      return { calls, values: values.map((values, i) => ({ values, shape: shapes[i]! })) }
    },
  }
}
