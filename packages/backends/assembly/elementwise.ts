// Elementwise maps. Broadcasting is by strides: an operand that does not vary along the innermost run is replaced by
// one vector of copies that the loop reads again and again.
import { copy, fma, storeLanes } from './vector'

const RANK: i32 = 6

@unmanaged
export class Strided {
  operation: i32
  /** Runs (all axes but the innermost) and elements of a run. */
  outer: i32
  inner: i32
  /** Runs a chunk covers; where there is but one run, elements. */
  perChunk: i32
  rank: i32
  a: usize
  b: usize
  y: usize
  alpha: f32
  beta: f32
  /** Then dims[6], strides of a[6], of b[6], of y[6], in elements, the innermost axis last. */
}

const DIMS_AT: usize = 40

@inline
function dim(args: usize, axis: i32): i32 { return load<i32>(args + DIMS_AT + (<usize>axis << 2)) }
@inline
function stride(args: usize, operand: i32, axis: i32): i32 { return load<i32>(args + DIMS_AT + (<usize>((operand + 1) * RANK + axis) << 2)) }

/** Offset in bytes of a run's first element in an operand (0: a, 1: b, 2: y). */
function runOffset(args: usize, operand: i32, run: i32): usize {
  const rank = changetype<Strided>(args).rank
  if (rank == 2) return <usize>(run * stride(args, operand, 0)) << 2
  let offset = 0
  for (let axis = rank - 2; axis >= 0; axis--) {
    const n = dim(args, axis)
    offset += (run % n) * stride(args, operand, axis)
    run /= n
  }
  return <usize>offset << 2
}

@inline
function combine(operation: i32, a: v128, b: v128): v128 {
  const one = f32x4.splat(1)
  if (operation == 0) return f32x4.add(a, b)
  if (operation == 1) return f32x4.sub(a, b)
  if (operation == 2) return f32x4.mul(a, b)
  if (operation == 3) return f32x4.div(a, b)
  if (operation == 4) return f32x4.max(a, b)
  if (operation == 5) return f32x4.min(a, b)
  if (operation == 6) return v128.and(f32x4.lt(a, b), one)
  if (operation == 7) return v128.and(f32x4.le(a, b), one)
  return v128.and(f32x4.eq(a, b), one)
}

@inline
function runOf(operation: i32, a: usize, b: usize, y: usize, n: i32, stepA: usize, stepB: usize): void {
  const end = y + (<usize>(n & ~3) << 2)
  while (y < end) {
    v128.store(y, combine(operation, v128.load(a), v128.load(b)))
    a += stepA
    b += stepB
    y += 16
  }
  if (n & 3) storeLanes(y, combine(operation, v128.load(a), v128.load(b)), n & 3)
}

function run(operation: i32, a: usize, b: usize, y: usize, n: i32, stepA: usize, stepB: usize): void {
  switch (operation) {
    case 0: runOf(0, a, b, y, n, stepA, stepB); break
    case 1: runOf(1, a, b, y, n, stepA, stepB); break
    case 2: runOf(2, a, b, y, n, stepA, stepB); break
    case 3: runOf(3, a, b, y, n, stepA, stepB); break
    case 4: runOf(4, a, b, y, n, stepA, stepB); break
    case 5: runOf(5, a, b, y, n, stepA, stepB); break
    case 6: runOf(6, a, b, y, n, stepA, stepB); break
    case 7: runOf(7, a, b, y, n, stepA, stepB); break
    default: runOf(8, a, b, y, n, stepA, stepB)
  }
}

/** Scratch: two vectors. */
export function binary(args: usize, chunk: i32, scratch: usize): void {
  const s = changetype<Strided>(args)
  const last = s.rank - 1
  const variesA = stride(args, 0, last) != 0
  const variesB = stride(args, 1, last) != 0
  let first = chunk * s.perChunk
  if (s.outer == 1) {
    const at = <usize>first << 2
    run2(s.operation, s.a + (variesA ? at : 0), s.b + (variesB ? at : 0), s.y + at, min(s.perChunk, s.inner - first), variesA, variesB, scratch)
    return
  }
  for (const end = min(first + s.perChunk, s.outer); first < end; first++)
    run2(s.operation, s.a + runOffset(args, 0, first), s.b + runOffset(args, 1, first), s.y + (<usize>(first * s.inner) << 2), s.inner,
      variesA, variesB, scratch)
}

function run2(operation: i32, a: usize, b: usize, y: usize, n: i32, variesA: bool, variesB: bool, scratch: usize): void {
  if (!variesA) {
    v128.store(scratch, v128.load32_splat(a))
    a = scratch
  }
  if (!variesB) {
    v128.store(scratch, v128.load32_splat(b), 16)
    b = scratch + 16
  }
  run(operation, a, b, y, n, variesA ? 16 : 0, variesB ? 16 : 0)
}

/** y = alpha * a + beta * b, a chunk of elements. */
export function linearCombination(args: usize, chunk: i32): void {
  const s = changetype<Strided>(args)
  const first = chunk * s.perChunk
  const n = min(s.perChunk, s.inner - first)
  const alpha = f32x4.splat(s.alpha), beta = f32x4.splat(s.beta)
  for (let i = 0; i < n; i += 4) {
    const at = <usize>(first + i) << 2
    const lanes = min(4, n - i)
    storeLanes(s.y + at, fma(alpha, v128.load(s.a + at), f32x4.mul(beta, v128.load(s.b + at))), lanes)
  }
}

@inline
function mapOf(operation: i32, v: v128): v128 {
  if (operation == 0) return f32x4.neg(v)
  if (operation == 3) return f32x4.sqrt(v)
  if (operation == 4) return f32x4.abs(v)
  if (operation == 5) return f32x4.pmax(v, f32x4.splat(0))
  return v128.bitselect(f32x4.splat(1), f32x4.splat(-1), f32x4.ge(v, f32x4.splat(0)))
}

/** 0 neg, 1 exp, 2 log, 3 sqrt, 4 abs, 5 relu, 6 sign; a chunk of elements. */
export function unary(args: usize, chunk: i32): void {
  const s = changetype<Strided>(args)
  const first = chunk * s.perChunk
  const n = min(s.perChunk, s.inner - first)
  const x = s.a + (<usize>first << 2)
  const y = s.y + (<usize>first << 2)
  if (s.operation == 1) {
    for (let i: usize = 0; i < <usize>n << 2; i += 4) store<f32>(y + i, Mathf.exp(load<f32>(x + i)))
    return
  }
  if (s.operation == 2) {
    for (let i: usize = 0; i < <usize>n << 2; i += 4) store<f32>(y + i, Mathf.log(load<f32>(x + i)))
    return
  }
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2
    const lanes = min(4, n - i)
    storeLanes(y + at, mapOf(s.operation, v128.load(x + at)), lanes)
  }
}

/** Copies a to y by strides: transposition, slices, padding and concatenation are this with different strides. */
export function stridedCopy(args: usize, chunk: i32): void {
  const s = changetype<Strided>(args)
  const last = s.rank - 1
  const strideA = stride(args, 0, last)
  const strideY = stride(args, 2, last)
  let first = chunk * s.perChunk
  for (const end = min(first + s.perChunk, s.outer); first < end; first++) {
    let a = s.a + runOffset(args, 0, first)
    let y = s.y + runOffset(args, 2, first)
    if (strideA == 1 && strideY == 1) copy(a, y, s.inner)
    else {
      for (let i = 0; i < s.inner; i++) {
        store<f32>(y, load<f32>(a))
        a += <usize>strideA << 2
        y += <usize>strideY << 2
      }
    }
  }
}
