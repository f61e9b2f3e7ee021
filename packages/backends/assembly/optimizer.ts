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

/** What every optimizer does with all parameters alike; its own coefficients follow. */
@unmanaged
class Step {
  table: usize
  /** 0 for a factor of 1. */
  factor: usize
  weightDecay: f32
  learningRate: f32
}

/** A chunk of a parameter; what its optimizer remembers follows, each as the address of the old, 0 for none, and of the new. */
@unmanaged
class Update {
  count: i32
  /** Infinity for none. */
  limit: f32
  parameter: usize
  gradient: usize
  nextParameter: usize
}

@inline
function factorOf(s: Step): v128 {
  return f32x4.splat(s.factor ? load<f32>(s.factor) : 1)
}

/** gradient * factor + weightDecay * parameter. */
@inline
function decayed(u: Update, at: usize, parameter: v128, factor: v128, weightDecay: v128): v128 {
  return fma(v128.load(u.gradient + at), factor, f32x4.mul(weightDecay, parameter))
}

/** Stores parameter - rate * direction, clamped: pmin and pmax keep a NaN that is their first operand. */
@inline
function move(u: Update, at: usize, parameter: v128, minusRate: v128, direction: v128, lanes: i32): void {
  const high = f32x4.splat(u.limit), low = f32x4.splat(-u.limit)
  storeLanes(u.nextParameter + at, f32x4.pmax(f32x4.pmin(fma(minusRate, direction, parameter), high), low), lanes)
}

@unmanaged
class SgdStep extends Step {
  momentum: f32
}

@unmanaged
class SgdUpdate extends Update {
  velocity: usize
  nextVelocity: usize
}

/** v = momentum * velocity + g; parameter - learningRate * v, clamped. */
export function sgdStep(args: usize, chunk: i32): void {
  const s = changetype<SgdStep>(args)
  const u = changetype<SgdUpdate>(s.table + <usize>chunk * offsetof<SgdUpdate>())
  if (u.velocity) sgd(true, u, s)
  else sgd(false, u, s)
}

@inline
function sgd(moves: bool, u: SgdUpdate, s: SgdStep): void {
  const factor = factorOf(s), decay = f32x4.splat(s.weightDecay)
  const inertia = f32x4.splat(s.momentum), rate = f32x4.splat(-s.learningRate)
  const n = u.count
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2
    const lanes = min(4, n - i)
    const p = v128.load(u.parameter + at)
    let v = decayed(u, at, p, factor, decay)
    if (moves) v = fma(inertia, v128.load(u.velocity + at), v)
    storeLanes(u.nextVelocity + at, v, lanes)
    move(u, at, p, rate, v, lanes)
  }
}

/** Its learning rate is corrected for the averages' beginning at 0. */
@unmanaged
class AdamStep extends Step {
  beta1: f32
  /** 1 - beta1. */
  gain1: f32
  beta2: f32
  gain2: f32
  /** What the root is multiplied by, and what is added to it. */
  root: f32
  epsilon: f32
}

@unmanaged
class AdamUpdate extends Update {
  first: usize
  nextFirst: usize
  second: usize
  nextSecond: usize
}

/** m = beta1 * first + gain1 * g; v = beta2 * second + gain2 * g^2; parameter - rate * m / (sqrt(v) * root + epsilon), clamped. */
export function adamStep(args: usize, chunk: i32): void {
  const s = changetype<AdamStep>(args)
  const u = changetype<AdamUpdate>(s.table + <usize>chunk * offsetof<AdamUpdate>())
  const factor = factorOf(s), decay = f32x4.splat(s.weightDecay), rate = f32x4.splat(-s.learningRate)
  const gain1 = f32x4.splat(s.gain1), gain2 = f32x4.splat(s.gain2)
  const root = f32x4.splat(s.root), epsilon = f32x4.splat(s.epsilon)
  const beta1 = f32x4.splat(s.beta1), beta2 = f32x4.splat(s.beta2)
  const n = u.count
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2
    const lanes = min(4, n - i)
    const p = v128.load(u.parameter + at)
    const g = decayed(u, at, p, factor, decay)
    const first = u.first ? v128.load(u.first + at) : f32x4.splat(0)
    const second = u.second ? v128.load(u.second + at) : f32x4.splat(0)
    const m = fma(beta1, first, f32x4.mul(gain1, g))
    const v = fma(beta2, second, f32x4.mul(gain2, f32x4.mul(g, g)))
    storeLanes(u.nextFirst + at, m, lanes)
    storeLanes(u.nextSecond + at, v, lanes)
    move(u, at, p, rate, f32x4.div(m, fma(f32x4.sqrt(v), root, epsilon)), lanes)
  }
}
