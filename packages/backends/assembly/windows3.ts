// The largest values of windows of 3x3 pixels at stride 1 over a plane, rows first and then columns: six loads for a value instead of
// nine, over whole rows whatever their channels.
import { storeLanes } from './vector'

/**
 * out [bytes] = the largest values of the windows that begin in a row of the plane of rowBytes bytes; rows and columns of taps are tapRow and
 * tap bytes apart. `columns` is scratch for a row of the plane. Values are ordinary: no NaN, no infinity but the border's.
 */
export function largestOfWindows(row: usize, tapRow: usize, rowBytes: usize, tap: usize, columns: usize, out: usize, bytes: usize): void {
  for (let i: usize = 0; i < rowBytes; i += 16) {
    const p = row + i
    v128.store(columns + i, f32x4.pmax(f32x4.pmax(v128.load(p), v128.load(p + tapRow)), v128.load(p + 2 * tapRow)))
  }
  for (let i: usize = 0; i < bytes; i += 16) {
    const p = columns + i
    const m = f32x4.pmax(f32x4.pmax(v128.load(p), v128.load(p + tap)), v128.load(p + 2 * tap))
    storeLanes(out + i, m, <i32>(bytes - i) >> 2)
  }
}

/**
 * out [bytes] = the numbers (0 to 8, as integers) of the first largest values of those windows. `columns` and `places` are scratch for a row
 * of the plane each.
 */
export function placesInWindows(
  row: usize, tapRow: usize, rowBytes: usize, tap: usize, columns: usize, places: usize, out: usize, bytes: usize,
): void {
  const three = i32x4.splat(3)
  for (let i: usize = 0; i < rowBytes; i += 16) {
    const p = row + i
    const a = v128.load(p), b = v128.load(p + tapRow)
    const m = f32x4.pmax(f32x4.pmax(a, b), v128.load(p + 2 * tapRow))
    const notFirst = v128.and(f32x4.ne(a, m), three)
    v128.store(columns + i, m)
    v128.store(places + i, i32x4.add(notFirst, v128.and(f32x4.ne(b, m), notFirst)))
  }
  const one = i32x4.splat(1), two = i32x4.splat(2)
  for (let i: usize = 0; i < bytes; i += 16) {
    const p = columns + i, q = places + i
    const a = v128.load(p), b = v128.load(p + tap), c = v128.load(p + 2 * tap)
    const m = f32x4.pmax(f32x4.pmax(a, b), c)
    // What is not the largest has the largest number.
    const first = v128.or(v128.load(q), f32x4.ne(a, m))
    const second = v128.or(i32x4.add(v128.load(q + tap), one), f32x4.ne(b, m))
    const third = v128.or(i32x4.add(v128.load(q + 2 * tap), two), f32x4.ne(c, m))
    v128.store(out + i, i32x4.min_u(i32x4.min_u(first, second), third))
  }
}
