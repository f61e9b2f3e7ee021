// The optimizer's kernels: a chunk is a part of one of many tensors, and its record lies in a table.
import { sumSquares } from './reduction'
import { fma, storeLanes } from './vector'

@unmanaged
class Squares {
  count: i32
  x: usize
  /** Written: the sum of the chunk's squares. */
  sum: f32
}

/** args: address of the table of `Squares`. */
export function squares(args: usize, chunk: i32): void {
  const s = changetype<Squares>(load<usize>(args) + <usize>chunk * offsetof<Squares>())
  s.sum = <f32>sumSquares(s.x, s.count)
}

@unmanaged
class Step {
  table: usize
  /** 0 for a factor of 1. */
  factor: usize
  learningRate: f32
  momentum: f32
  weightDecay: f32
}

@unmanaged
class Update {
  count: i32
  /** Infinity for none. */
  limit: f32
  parameter: usize
  gradient: usize
  /** 0 for none. */
  velocity: usize
  nextParameter: usize
  nextVelocity: usize
}

/** v = momentum * velocity + gradient * factor + weightDecay * parameter; parameter - learningRate * v, clamped. */
export function sgdStep(args: usize, chunk: i32): void {
  const s = changetype<Step>(args)
  const u = changetype<Update>(s.table + <usize>chunk * offsetof<Update>())
  const factor: f32 = s.factor ? load<f32>(s.factor) : 1
  if (u.velocity) update(true, u, factor, s.learningRate, s.momentum, s.weightDecay)
  else update(false, u, factor, s.learningRate, s.momentum, s.weightDecay)
}

@inline
function update(moves: bool, u: Update, factor: f32, learningRate: f32, momentum: f32, weightDecay: f32): void {
  const scale = f32x4.splat(factor), decay = f32x4.splat(weightDecay), inertia = f32x4.splat(momentum)
  const rate = f32x4.splat(-learningRate), high = f32x4.splat(u.limit), low = f32x4.splat(-u.limit)
  const n = u.count
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2
    const lanes = min(4, n - i)
    const p = v128.load(u.parameter + at)
    let v = fma(v128.load(u.gradient + at), scale, f32x4.mul(decay, p))
    if (moves) v = fma(inertia, v128.load(u.velocity + at), v)
    storeLanes(u.nextVelocity + at, v, lanes)
    // pmin and pmax keep a NaN that is their first operand.
    storeLanes(u.nextParameter + at, f32x4.pmax(f32x4.pmin(fma(rate, v, p), high), low), lanes)
  }
}
