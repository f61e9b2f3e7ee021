// Matrix products by 4x8 register blocks: 8 accumulators, two loads of the right operand and four broadcasts of the
// left one for eight multiply-adds. The right operand is packed in panels of 8 columns, zero-filled at the edge.
import { fma } from './vector'

const PANEL: i32 = 8

/** Bytes of a [k, n] matrix in panels. */
export function panelBytes(k: i32, n: i32): usize {
  return <usize>(((n + 7) & ~7) * k) << 2
}

/** Packs b [k, n] (element (i, j) at b[i * rowStride + j * columnStride]) into panels [ceil(n / 8)][k][8]. */
export function packPanels(b: usize, out: usize, k: i32, n: i32, rowStride: i32, columnStride: i32): void {
  for (let j = 0; j < n; j += PANEL) {
    const columns = min(PANEL, n - j)
    for (let i = 0; i < k; i++) {
      let p = b + (<usize>(i * rowStride + j * columnStride) << 2)
      if (columnStride == 1 && columns == PANEL) {
        v128.store(out, v128.load(p))
        v128.store(out, v128.load(p, 16), 16)
      } else {
        for (let c = 0; c < PANEL; c++) {
          store<f32>(out + (<usize>c << 2), c < columns ? load<f32>(p) : 0)
          p += <usize>columnStride << 2
        }
      }
      out += 32
    }
  }
}

/** c [m, n] = a [m, k] * panels; strides lda and ldc in elements. Columns of the last panel beyond n are not stored. */
export function multiply(a: usize, lda: i32, panels: usize, c: usize, ldc: i32, m: i32, k: i32, n: i32): void {
  const rowA = <usize>lda << 2
  const rowC = <usize>ldc << 2
  for (let j = 0; j < n; j += PANEL) {
    const columns = min(PANEL, n - j)
    let ap = a
    let cp = c + (<usize>j << 2)
    let i = 0
    for (; i + 4 <= m; i += 4) {
      block4(ap, ap + rowA, ap + 2 * rowA, ap + 3 * rowA, panels, cp, rowC, k, columns)
      ap += 4 * rowA
      cp += 4 * rowC
    }
    for (; i < m; i++) {
      block1(ap, panels, cp, k, columns)
      ap += rowA
      cp += rowC
    }
    panels += <usize>k << 5
  }
}

@inline
function storeColumns(p: usize, low: v128, high: v128, columns: i32): void {
  if (columns == PANEL) {
    v128.store(p, low)
    v128.store(p, high, 16)
  } else storeFewColumns(p, low, high, columns)
}

function storeFewColumns(p: usize, low: v128, high: v128, columns: i32): void {
  let v = low
  for (let c = 0; c < columns; c++) {
    if (c == 4) v = high
    store<f32>(p + (<usize>c << 2), f32x4.extract_lane(v, 0))
    v = v128.shuffle<f32>(v, v, 1, 2, 3, 0)
  }
}

@inline
function block4(
  a0: usize, a1: usize, a2: usize, a3: usize, b: usize, c: usize, rowC: usize, k: i32, columns: i32,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0)
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0)
  let b0: v128, b1: v128, t: v128
  const unrolled = a0 + (<usize>(k & ~1) << 2)
  while (a0 < unrolled) {
    b0 = v128.load(b); b1 = v128.load(b, 16)
    t = v128.load32_splat(a0); c00 = fma(t, b0, c00); c01 = fma(t, b1, c01)
    t = v128.load32_splat(a1); c10 = fma(t, b0, c10); c11 = fma(t, b1, c11)
    t = v128.load32_splat(a2); c20 = fma(t, b0, c20); c21 = fma(t, b1, c21)
    t = v128.load32_splat(a3); c30 = fma(t, b0, c30); c31 = fma(t, b1, c31)
    b0 = v128.load(b, 32); b1 = v128.load(b, 48)
    t = v128.load32_splat(a0, 4); c00 = fma(t, b0, c00); c01 = fma(t, b1, c01)
    t = v128.load32_splat(a1, 4); c10 = fma(t, b0, c10); c11 = fma(t, b1, c11)
    t = v128.load32_splat(a2, 4); c20 = fma(t, b0, c20); c21 = fma(t, b1, c21)
    t = v128.load32_splat(a3, 4); c30 = fma(t, b0, c30); c31 = fma(t, b1, c31)
    a0 += 8; a1 += 8; a2 += 8; a3 += 8; b += 64
  }
  if (k & 1) {
    b0 = v128.load(b); b1 = v128.load(b, 16)
    t = v128.load32_splat(a0); c00 = fma(t, b0, c00); c01 = fma(t, b1, c01)
    t = v128.load32_splat(a1); c10 = fma(t, b0, c10); c11 = fma(t, b1, c11)
    t = v128.load32_splat(a2); c20 = fma(t, b0, c20); c21 = fma(t, b1, c21)
    t = v128.load32_splat(a3); c30 = fma(t, b0, c30); c31 = fma(t, b1, c31)
  }
  storeColumns(c, c00, c01, columns)
  storeColumns(c + rowC, c10, c11, columns)
  storeColumns(c + 2 * rowC, c20, c21, columns)
  storeColumns(c + 3 * rowC, c30, c31, columns)
}

function block1(a: usize, b: usize, c: usize, k: i32, columns: i32): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0)
  const end = a + (<usize>k << 2)
  while (a < end) {
    const t = v128.load32_splat(a)
    c0 = fma(t, v128.load(b), c0)
    c1 = fma(t, v128.load(b, 16), c1)
    a += 4; b += 32
  }
  storeColumns(c, c0, c1, columns)
}

/**
 * c [k, n] += a^T b with a [m, k] and b [m, n], rows contiguous. Reads up to 28 bytes past the last row of either
 * operand (every allocation is padded for it); such lanes are not stored.
 */
export function accumulateOuter(a: usize, b: usize, c: usize, m: i32, k: i32, n: i32): void {
  for (let i = 0; i < k; i += 4) {
    const rows = min(4, k - i)
    for (let j = 0; j < n; j += PANEL)
      outer4x8(a + (<usize>i << 2), <usize>k << 2, b + (<usize>j << 2), <usize>n << 2,
        c + (<usize>(i * n + j) << 2), m, rows, min(PANEL, n - j))
  }
}

@inline
function outer4x8(a: usize, rowA: usize, b: usize, rowB: usize, c: usize, m: i32, rows: i32, columns: i32): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0)
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0)
  for (let i = 0; i < m; i++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16)
    let t = v128.load32_splat(a); c00 = fma(t, b0, c00); c01 = fma(t, b1, c01)
    t = v128.load32_splat(a, 4); c10 = fma(t, b0, c10); c11 = fma(t, b1, c11)
    t = v128.load32_splat(a, 8); c20 = fma(t, b0, c20); c21 = fma(t, b1, c21)
    t = v128.load32_splat(a, 12); c30 = fma(t, b0, c30); c31 = fma(t, b1, c31)
    a += rowA; b += rowB
  }
  addColumns(c, c00, c01, columns)
  if (rows > 1) addColumns(c + rowB, c10, c11, columns)
  if (rows > 2) addColumns(c + 2 * rowB, c20, c21, columns)
  if (rows > 3) addColumns(c + 3 * rowB, c30, c31, columns)
}

@inline
function addColumns(p: usize, low: v128, high: v128, columns: i32): void {
  if (columns == PANEL) {
    v128.store(p, f32x4.add(v128.load(p), low))
    v128.store(p, f32x4.add(v128.load(p, 16), high), 16)
  } else addFewColumns(p, low, high, columns)
}

function addFewColumns(p: usize, low: v128, high: v128, columns: i32): void {
  let v = low
  for (let c = 0; c < columns; c++) {
    if (c == 4) v = high
    const at = p + (<usize>c << 2)
    store<f32>(at, load<f32>(at) + f32x4.extract_lane(v, 0))
    v = v128.shuffle<f32>(v, v, 1, 2, 3, 0)
  }
}
