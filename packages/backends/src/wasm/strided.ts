import type { BinaryOperation, Kernels, UnaryOperation } from '../kernels.js'
import { broadcastShape, type Shape, sameShape, sizeOf, stridesOf } from '../shape.js'
import { addressOf, type Engine, output, withStorage, writeWords } from './engine.js'
import type { WasmTensor } from './tensor.js'

const binaryNumber: Readonly<Record<BinaryOperation, number>> = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  max: 4,
  min: 5,
  less: 6,
  lessEqual: 7,
  equal: 8,
}
const unaryNumber: Readonly<Record<UnaryOperation, number>> = {
  neg: 0,
  exp: 1,
  log: 2,
  sqrt: 3,
  abs: 4,
  relu: 5,
  sign: 6,
}

/** Axes a strided kernel takes after merging. */
const RANK = 6
/** Where the axes stand in the record, in words. */
const AXES_AT = 10
/** Elements of a chunk. */
const CHUNK = 16_384

type Strides = readonly number[]

/** Drops axes of size 1 and merges neighbours that every operand steps through evenly. Never empty. */
const collapse = (
  dims: Shape,
  operands: readonly Strides[],
): { readonly dims: number[]; readonly operands: number[][] } => {
  const kept: number[] = []
  const strides = operands.map((): number[] => [])
  dims.forEach((n, axis) => {
    if (n === 1) return
    const last = kept.length - 1
    if (last >= 0 && operands.every((o, i) => strides[i]![last] === o[axis]! * n)) {
      kept[last]! *= n
      operands.forEach((o, i) => {
        strides[i]![last] = o[axis]!
      })
    } else {
      kept.push(n)
      for (const [i, o] of operands.entries()) strides[i]!.push(o[axis]!)
    }
  })
  if (kept.length > RANK) throw new RangeError(`more than ${RANK} axes that cannot be merged`)
  return kept.length > 0 ? { dims: kept, operands: strides } : { dims: [1], operands: operands.map(() => [1]) }
}

const contiguous: readonly Strides[] = [[1], [1], [1]]

/** One run over all values of operands of one shape. */
const flat = (x: WasmTensor) => ({ dims: [x.size], operands: contiguous })

/** How a binary kernel walks over its operands and its result. */
const binaryPlan = (a: WasmTensor, b: WasmTensor, shape: Shape) => {
  if (sameShape(a.shape, b.shape)) return flat(a)
  if (b.size === 1 && a.shape === shape) return { dims: [a.size], operands: [[1], [0], [1]] }
  return collapse(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape), stridesOf(shape)])
}

/** Strides of an operand in the axes of the shape it is broadcast to: 0 where it repeats. */
const broadcastStrides = (shape: Shape, to: Shape): Strides => {
  const strides = stridesOf(shape)
  return to.map((_, axis) => {
    const own = axis - to.length + shape.length
    return own < 0 || shape[own] === 1 ? 0 : strides[own]!
  })
}

type StridedKernels = Pick<
  Kernels<WasmTensor>,
  'unary' | 'binary' | 'linearCombination' | 'accumulate' | 'sum' | 'transpose' | 'slice' | 'pad' | 'concat'
>

/** Elementwise maps, copies by strides, and sums. A chunk is a number of runs along the innermost axis. */
export const stridedKernels = (engine: Engine): StridedKernels => {
  const { heap, threads, store } = engine

  /** The record `Strided` of assembly/elementwise.ts; gives the number of chunks. */
  const writeStrided = (
    operation: number,
    addresses: readonly [a: number, b: number, y: number],
    { dims, operands }: { readonly dims: readonly number[]; readonly operands: readonly Strides[] },
    splitsRun: boolean,
  ): number => {
    const inner = dims[dims.length - 1]!
    const outer = sizeOf(dims) / inner
    const perChunk = splitsRun && outer === 1 ? CHUNK : Math.max(1, Math.floor(CHUNK / inner))
    const [a, b, y] = addresses
    writeWords(engine, [operation, outer, inner, perChunk, dims.length, a, b, y])
    writeWords(engine, dims, AXES_AT)
    for (let i = 0; i < operands.length; i++) writeWords(engine, operands[i]!, AXES_AT + (i + 1) * RANK)
    return Math.ceil((splitsRun && outer === 1 ? inner : outer) / perChunk)
  }

  const linearCombination = (a: number, x: WasmTensor, b: number, y: WasmTensor, out: WasmTensor): void => {
    const chunks = writeStrided(0, [addressOf(x), addressOf(y), addressOf(out)], flat(x), true)
    heap.floats.set([a, b], threads.args / 4 + 8)
    threads.run('linearCombination', chunks, x.size * 2)
  }

  /** y at yOffset, by yStrides = x at xOffset, by xStrides; offsets and strides in elements. */
  const copy = (
    dims: Shape,
    x: WasmTensor,
    xOffset: number,
    xStrides: Strides,
    y: WasmTensor,
    yOffset: number,
    yStrides: Strides,
  ): void => {
    const merged = collapse(dims, [xStrides, yStrides])
    const [from, to] = merged.operands as [number[], number[]]
    const plan = { dims: merged.dims, operands: [from, from, to] }
    const chunks = writeStrided(0, [addressOf(x) + 4 * xOffset, 0, addressOf(y) + 4 * yOffset], plan, false)
    threads.run('stridedCopy', chunks, sizeOf(dims) * 2)
  }

  const dot = (indices: readonly number[], strides: Strides): number =>
    indices.reduce((s, n, axis) => s + n * strides[axis]!, 0)

  /** y [outer, inner] = sum over the middle axis of x [outer, size, inner]. */
  const sumMiddle = (x: number, outer: number, size: number, inner: number, y: number): void => {
    writeWords(engine, [outer, size, inner, x, y])
    threads.run('sum', outer, outer * size * inner)
  }

  return {
    unary(operation, x) {
      const y = store.allocate(x.shape)
      const chunks = writeStrided(
        unaryNumber[operation],
        [addressOf(x), 0, addressOf(y)],
        { dims: [x.size], operands: contiguous },
        true,
      )
      threads.run('unary', chunks, x.size * (operation === 'exp' || operation === 'log' ? 20 : 2))
      return y
    },

    binary(operation, a, b) {
      const shape =
        b.size === 1 && a.shape.length >= b.shape.length ? a.shape : broadcastShape(operation, a.shape, b.shape)
      const y = store.allocate(shape)
      const plan = binaryPlan(a, b, shape)
      const chunks = writeStrided(binaryNumber[operation], [addressOf(a), addressOf(b), addressOf(y)], plan, true)
      threads.run('binary', chunks, y.size * 2)
      return y
    },

    linearCombination(a, x, b, y) {
      const out = store.allocate(x.shape)
      linearCombination(a, x, b, y, out)
      return out
    },

    accumulate(into, x) {
      return output(engine, into, x.shape, out => linearCombination(1, into, 1, x, out))
    },

    sum(x, axes) {
      const reduced = new Set(axes ?? x.shape.map((_, axis) => axis))
      const y = store.allocate(x.shape.filter((_, axis) => !reduced.has(axis)))
      const runs = sumRuns(x.shape, reduced)
      // Innermost run first: each pass removes one run of summed axes, and the last one writes the result.
      const pass = (address: number, [run, ...rest]: readonly SumRun[]): void => {
        if (run === undefined) return
        if (rest.length === 0) sumMiddle(address, run.outer, run.size, run.inner, addressOf(y))
        else
          withStorage(engine, run.outer * run.inner * 4, partial => {
            sumMiddle(address, run.outer, run.size, run.inner, partial.address)
            pass(partial.address, rest)
          })
      }
      pass(addressOf(x), runs)
      return y
    },

    transpose(x, permutation) {
      const shape = permutation.map(axis => x.shape[axis]!)
      const y = store.allocate(shape)
      const strides = stridesOf(x.shape)
      copy(
        shape,
        x,
        0,
        permutation.map(axis => strides[axis]!),
        y,
        0,
        stridesOf(shape),
      )
      return y
    },

    slice(x, begin, size) {
      const y = store.allocate(size)
      const strides = stridesOf(x.shape)
      copy(size, x, dot(begin, strides), strides, y, 0, stridesOf(size))
      return y
    },

    pad(x, before, after) {
      const y = store.allocate(x.shape.map((n, axis) => before[axis]! + n + after[axis]!))
      const strides = stridesOf(y.shape)
      threads.kernels.fill(addressOf(y), 0, y.size)
      copy(x.shape, x, 0, stridesOf(x.shape), y, dot(before, strides), strides)
      return y
    },

    concat(xs, axis) {
      const first = xs[0]!.shape
      const y = store.allocate(first.map((n, i) => (i === axis ? xs.reduce((s, x) => s + x.shape[axis]!, 0) : n)))
      const strides = stridesOf(y.shape)
      let offset = 0
      for (const x of xs) {
        copy(x.shape, x, 0, stridesOf(x.shape), y, offset, strides)
        offset += x.shape[axis]! * strides[axis]!
      }
      return y
    },
  }
}

/** A run of neighbouring axes that are summed, with what lies outside and inside of it. */
interface SumRun {
  readonly outer: number
  readonly size: number
  readonly inner: number
}

/** The runs of summed axes, innermost first, each as it stands once those inside it are gone. Without any: one of size 1. */
const sumRuns = (shape: Shape, reduced: ReadonlySet<number>): readonly SumRun[] => {
  const runs: SumRun[] = []
  let inner = 1
  let axis = shape.length - 1
  while (axis >= 0) {
    let size = 1
    while (axis >= 0 && reduced.has(axis)) size *= shape[axis--]!
    if (size > 1) runs.push({ outer: sizeOf(shape.slice(0, axis + 1)), size, inner })
    while (axis >= 0 && !reduced.has(axis)) inner *= shape[axis--]!
  }
  return runs.length > 0 ? runs : [{ outer: 1, size: 1, inner }]
}
