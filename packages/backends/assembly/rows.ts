// Maps over rows of channels: what enters a convolution (the prologue), what leaves its input gradient (the epilogue),
// and gradients through a normalization. Each walks down sixteen (or four) channels with their coefficients in registers;
// callers pass few enough rows that they stay in the first-level cache.
import { activate, activationGrad, copy, fma, IDENTITY, RELU, SIGN, SIGN_POLYNOMIAL, storeLanes } from './vector'

/** dst = activation(src * scale + shift), per channel; `scale` 0 means no affine part. `count` rows of `channels` floats. */
export function prologueRows(mode: i32, src: usize, dst: usize, count: i32, channels: i32, scale: usize, shift: usize): void {
  if (!scale) {
    if (mode == IDENTITY) copy(src, dst, count * channels)
    else if (mode == RELU) activateRun(RELU, src, dst, count * channels)
    else activateRun(SIGN, src, dst, count * channels)
  } else if (mode == IDENTITY) affineRows(IDENTITY, src, dst, count, channels, scale, shift)
  else if (mode == RELU) affineRows(RELU, src, dst, count, channels, scale, shift)
  else affineRows(SIGN, src, dst, count, channels, scale, shift)
}

@inline
function activateRun(mode: i32, src: usize, dst: usize, count: i32): void {
  const end = dst + (<usize>(count & ~3) << 2)
  while (dst < end) {
    v128.store(dst, activate(mode, v128.load(src)))
    src += 16
    dst += 16
  }
  if (count & 3) storeLanes(dst, activate(mode, v128.load(src)), count & 3)
}

@inline
function affineRows(mode: i32, src: usize, dst: usize, count: i32, channels: i32, scale: usize, shift: usize): void {
  const pitch = <usize>channels << 2
  const bytes = <usize>count * pitch
  let c = 0
  for (; c + 16 <= channels; c += 16) {
    const at = <usize>c << 2
    const s0 = v128.load(scale + at), s1 = v128.load(scale + at, 16), s2 = v128.load(scale + at, 32), s3 = v128.load(scale + at, 48)
    const t0 = v128.load(shift + at), t1 = v128.load(shift + at, 16), t2 = v128.load(shift + at, 32), t3 = v128.load(shift + at, 48)
    for (let row: usize = at; row < bytes; row += pitch) {
      const from = src + row, to = dst + row
      v128.store(to, activate(mode, fma(v128.load(from), s0, t0)))
      v128.store(to, activate(mode, fma(v128.load(from, 16), s1, t1)), 16)
      v128.store(to, activate(mode, fma(v128.load(from, 32), s2, t2)), 32)
      v128.store(to, activate(mode, fma(v128.load(from, 48), s3, t3)), 48)
    }
  }
  for (; c + 4 <= channels; c += 4) {
    const at = <usize>c << 2
    const s = v128.load(scale + at), t = v128.load(shift + at)
    for (let row: usize = at; row < bytes; row += pitch) v128.store(dst + row, activate(mode, fma(v128.load(src + row), s, t)))
  }
  if (c < channels) {
    const at = <usize>c << 2
    const s = v128.load(scale + at), t = v128.load(shift + at)
    for (let row: usize = at; row < bytes; row += pitch)
      storeLanes(dst + row, activate(mode, fma(v128.load(src + row), s, t)), channels - c)
  }
}

/** dst = into + d * activation'(x * scale + shift); `into` 0 means none. */
export function epilogueRows(
  mode: i32, d: usize, x: usize, dst: usize, into: usize, count: i32, channels: i32, scale: usize, shift: usize,
): void {
  if (into) epilogueInto(mode, d, x, dst, into, count, channels, scale, shift)
  else if (mode == IDENTITY) copy(d, dst, count * channels)
  else if (mode == RELU) epilogueOf(RELU, d, x, dst, 0, count, channels, scale, shift)
  else if (mode == SIGN) epilogueOf(SIGN, d, x, dst, 0, count, channels, scale, shift)
  else epilogueOf(SIGN_POLYNOMIAL, d, x, dst, 0, count, channels, scale, shift)
}

@inline
function epilogueInto(
  mode: i32, d: usize, x: usize, dst: usize, into: usize, count: i32, channels: i32, scale: usize, shift: usize,
): void {
  if (mode == IDENTITY) epilogueOf(IDENTITY, d, x, dst, into, count, channels, 0, 0)
  else if (mode == RELU) epilogueOf(RELU, d, x, dst, into, count, channels, scale, shift)
  else if (mode == SIGN) epilogueOf(SIGN, d, x, dst, into, count, channels, scale, shift)
  else epilogueOf(SIGN_POLYNOMIAL, d, x, dst, into, count, channels, scale, shift)
}

@inline
function epilogueOf(
  mode: i32, d: usize, x: usize, dst: usize, into: usize, count: i32, channels: i32, scale: usize, shift: usize,
): void {
  if (scale) {
    const pitch = <usize>channels << 2
    const bytes = <usize>count * pitch
    let c = 0
    for (; !into && c + 16 <= channels; c += 16) {
      const at = <usize>c << 2
      const s0 = v128.load(scale + at), s1 = v128.load(scale + at, 16), s2 = v128.load(scale + at, 32), s3 = v128.load(scale + at, 48)
      const t0 = v128.load(shift + at), t1 = v128.load(shift + at, 16), t2 = v128.load(shift + at, 32), t3 = v128.load(shift + at, 48)
      for (let row: usize = at; row < bytes; row += pitch) {
        const from = x + row, by = d + row, to = dst + row
        v128.store(to, activationGrad(mode, fma(v128.load(from), s0, t0), v128.load(by)))
        v128.store(to, activationGrad(mode, fma(v128.load(from, 16), s1, t1), v128.load(by, 16)), 16)
        v128.store(to, activationGrad(mode, fma(v128.load(from, 32), s2, t2), v128.load(by, 32)), 32)
        v128.store(to, activationGrad(mode, fma(v128.load(from, 48), s3, t3), v128.load(by, 48)), 48)
      }
    }
    for (; c < channels; c += 4) {
      const at = <usize>c << 2
      const lanes = channels - c
      const s = v128.load(scale + at), t = v128.load(shift + at)
      for (let row: usize = at; row < bytes; row += pitch) {
        let v = activationGrad(mode, fma(v128.load(x + row), s, t), v128.load(d + row))
        if (into) v = f32x4.add(v, v128.load(into + row))
        storeLanes(dst + row, v, lanes)
      }
    }
    return
  }
  const total = <usize>(count * channels) << 2
  for (let i: usize = 0; i < total; i += 16) {
    let v = activationGrad(mode, v128.load(x + i), v128.load(d + i))
    if (into) v = f32x4.add(v, v128.load(into + i))
    storeLanes(dst + i, v, <i32>(total - i) >> 2)
  }
}

/** dst = dy * scale + x * slope + shift, per channel. */
export function gradientRows(
  dy: usize, x: usize, dst: usize, count: i32, channels: i32, scale: usize, slope: usize, shift: usize,
): void {
  const pitch = <usize>channels << 2
  const bytes = <usize>count * pitch
  let c = 0
  for (; c + 16 <= channels; c += 16) {
    const at = <usize>c << 2
    const s0 = v128.load(scale + at), s1 = v128.load(scale + at, 16), s2 = v128.load(scale + at, 32), s3 = v128.load(scale + at, 48)
    const m0 = v128.load(slope + at), m1 = v128.load(slope + at, 16), m2 = v128.load(slope + at, 32), m3 = v128.load(slope + at, 48)
    const t0 = v128.load(shift + at), t1 = v128.load(shift + at, 16), t2 = v128.load(shift + at, 32), t3 = v128.load(shift + at, 48)
    for (let row: usize = at; row < bytes; row += pitch) {
      const by = dy + row, from = x + row, to = dst + row
      v128.store(to, fma(v128.load(by), s0, fma(v128.load(from), m0, t0)))
      v128.store(to, fma(v128.load(by, 16), s1, fma(v128.load(from, 16), m1, t1)), 16)
      v128.store(to, fma(v128.load(by, 32), s2, fma(v128.load(from, 32), m2, t2)), 32)
      v128.store(to, fma(v128.load(by, 48), s3, fma(v128.load(from, 48), m3, t3)), 48)
    }
  }
  for (; c < channels; c += 4) {
    const at = <usize>c << 2
    const lanes = channels - c
    const s = v128.load(scale + at), m = v128.load(slope + at), t = v128.load(shift + at)
    for (let row: usize = at; row < bytes; row += pitch)
      storeLanes(dst + row, fma(v128.load(dy + row), s, fma(v128.load(x + row), m, t)), lanes)
  }
}
