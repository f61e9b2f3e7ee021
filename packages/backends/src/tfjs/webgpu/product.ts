import type { Store, TfjsTensor } from '../tensor.js'
import { sumParts } from './column-sums.js'
import type { Dispatch, Fragment, Runner } from './fragment.js'
import { opaque, spread, times, workgroupIndex } from './wgsl.js'

/** Workgroups that fill a large device. */
const WORKGROUPS = 512
/** Slices of the sum at least that a workgroup takes where it is split. */
const SLICES = 8

/** A factor of a matrix product. An element has two indices: along the sum (`depth`) and along the result (`side`: the row of A, the column of B). */
export interface Factor extends Fragment {
  /** The index that neighbours in memory: neighbouring invocations read neighbouring elements. */
  readonly fast: 'depth' | 'side'
  /** Whether places of the other index are kept in workgroup memory. */
  readonly kept: boolean
  /**
   * WGSL: `fast<name>(i) -> vec4<i32>` and `slow<name>(i) -> vec4<i32>`, the places of the two indices, which may lie beyond
   * the end, and `element<name>(fast, slow) -> f32`, zero there: selected after the reading, not branched over (as `&&` does), so that the reads of
   * several elements overlap (what lies beyond a buffer may be read, it is some value).
   */
  readonly source: () => string
}

export interface Sizes {
  readonly rows: number
  readonly columns: number
  readonly depth: number
}

/** Rows, columns and depth of what a workgroup holds, and what of it an invocation sums in registers. */
interface Tile {
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly perRow: number
  readonly perColumn: number
}

/** At least 64 invocations, and no more than 4x4 sums for each. Few shapes, since each is compiled. */
const tileFor = ({ rows, columns }: Sizes): Tile => {
  if (rows <= 16 && columns <= 16) return { rows: 16, columns: 16, depth: 16, perRow: 2, perColumn: 2 }
  const side = rows <= 32 && columns <= 32 ? 32 : 64
  const across = side === 32 || columns > 32 ? side : columns > 16 ? 32 : 16
  return { rows: side, columns: across, depth: 16, perRow: 4, perColumn: 4 }
}

/** WGSL: the bound of a loop. */
const bound = (count: number, unrolled: boolean): string => (unrolled ? `${count}` : `opaque(${count})`)

/**
 * WGSL: `load<name>(thread, depth0, side0)` fills `tile<name>`, [depth][side] with one element between rows against bank conflicts.
 * Unrolled, an invocation asks for all that it reads before the first of it is needed.
 */
const loading = (
  name: 'A' | 'B',
  { fast, kept }: Factor,
  side: number,
  { depth }: Tile,
  threads: number,
  unrolled: boolean,
): string => {
  const [quick, still] = fast === 'depth' ? [depth, side] : [side, depth]
  const [quickFrom, stillFrom] = fast === 'depth' ? ['depth0', 'side0'] : ['side0', 'depth0']
  const step = threads / quick
  const together = unrolled ? still / step : 1
  const line = (i: number): string => `line + ${i * step}`
  const slow = (i: number): string => (kept ? `places${name}[${line(i)}]` : `slow${name}(${stillFrom} + ${line(i)})`)
  const cell = (i: number): string =>
    fast === 'depth' ? `place * ${side + 1} + ${line(i)}` : `(${line(i)}) * ${side + 1} + place`
  return `
    var<workgroup> tile${name}: array<f32, ${depth * (side + 1)}>;
    ${kept ? `var<workgroup> places${name}: array<vec4<i32>, ${still}>;` : ''}
    fn keep${name}(thread: i32, still0: i32) {
      ${kept ? `if (thread < ${still}) { places${name}[thread] = slow${name}(still0 + thread); }` : ''}
    }
    fn load${name}(thread: i32, depth0: i32, side0: i32) {
      let place = thread % ${quick};
      let at = fast${name}(${quickFrom} + place);
      for (var line = thread / ${quick}; line < ${bound(still, unrolled)}; line += ${together * step}) {
        ${times(together, i => `let element${i} = element${name}(at, ${slow(i)});`)}
        ${times(together, i => `tile${name}[${cell(i)}] = element${i};`)}
      }
    }`
}

const multiplying = (a: Factor, b: Factor, tile: Tile, threads: number, unrolled: boolean): string => {
  const columnGroups = tile.columns / tile.perColumn
  const rowGroups = tile.rows / tile.perRow
  const vector = `vec${tile.perColumn}<f32>`
  const keptOnce = [
    a.kept && a.fast === 'depth' ? 'keepA(thread, row0);' : '',
    b.kept && b.fast === 'depth' ? 'keepB(thread, column0);' : '',
  ]
  const keptEach = [
    a.kept && a.fast === 'side' ? 'keepA(thread, depth0);' : '',
    b.kept && b.fast === 'side' ? 'keepB(thread, depth0);' : '',
  ]
  const writeSum = (i: string, j: string): string => `{
    let row = row0 + r + ${i} * ${rowGroups};
    let column = column0 + c + ${j} * ${columnGroups};
    if (row < uniforms.rows && column < uniforms.columns) { write(part, row, column, sums[${i}][${j}]); }
  }`
  const upTo = (count: number): string => bound(count, unrolled)
  const writing = unrolled
    ? // By numbers: an array that is indexed by others might not stay in registers.
      times(tile.perRow, i => times(tile.perColumn, j => writeSum(`${i}`, `${j}`)))
    : `for (var i = 0; i < ${upTo(tile.perRow)}; i++) { for (var j = 0; j < ${upTo(tile.perColumn)}; j++) ${writeSum('i', 'j')} }`
  return `
    ${workgroupIndex}
    ${opaque}
    ${loading('A', a, tile.rows, tile, threads, unrolled)}
    ${loading('B', b, tile.columns, tile, threads, unrolled)}
    fn main() {
      let thread = i32(localIndex);
      let group = workgroupIndex();
      let band = group / uniforms.columnTiles;
      let part = band / uniforms.rowTiles;
      let row0 = (band - part * uniforms.rowTiles) * ${tile.rows};
      let column0 = (group - band * uniforms.columnTiles) * ${tile.columns};
      let r = thread / ${columnGroups};
      let c = thread % ${columnGroups};
      var sums: array<${vector}, ${tile.perRow}>;
      ${keptOnce.join(' ')}
      for (var slice = 0; slice < uniforms.slices; slice++) {
        let depth0 = (part * uniforms.slices + slice) * ${tile.depth};
        ${keptEach.join(' ')}
        ${a.kept || b.kept ? 'workgroupBarrier();' : ''}
        loadA(thread, depth0, row0);
        loadB(thread, depth0, column0);
        workgroupBarrier();
        for (var k = 0; k < ${upTo(tile.depth)}; k++) {
          let b = ${vector}(${Array.from({ length: tile.perColumn }, (_, j) => `tileB[k * ${tile.columns + 1} + c + ${j * columnGroups}]`).join(', ')});
          ${times(tile.perRow, i => `sums[${i}] = fma(${vector}(tileA[k * ${tile.rows + 1} + r + ${i * rowGroups}]), b, sums[${i}]);`)}
        }
        workgroupBarrier();
      }
      if (part >= uniforms.parts) { return; }
      ${writing}
    }`
}

/**
 * The shader of a matrix product whose factors are computed where they are read (an implicit GEMM). `writing` ends with the
 * declaration of `write(part, row, column, value)`; the sum is cut in `parts`.
 */
const productDispatch = (
  { unrolled }: Runner,
  sizes: Sizes,
  a: Factor,
  b: Factor,
  writing: readonly Fragment[],
  parts: number,
): Dispatch => {
  const tile = tileFor(sizes)
  const threads = (tile.rows / tile.perRow) * (tile.columns / tile.perColumn)
  const rowTiles = Math.ceil(sizes.rows / tile.rows)
  const columnTiles = Math.ceil(sizes.columns / tile.columns)
  const slices = Math.ceil(sizes.depth / parts / tile.depth)
  return {
    fragments: [
      { key: 'product', integers: { ...sizes, rowTiles, columnTiles, slices, parts } },
      a,
      b,
      ...writing,
      {
        key: `${tile.rows} ${tile.columns} ${tile.depth}`,
        source: () => multiplying(a, b, tile, threads, unrolled),
      },
    ],
    threads,
    workgroups: spread(rowTiles * columnTiles * parts),
  }
}

/** A product whose elements go where `writing` says. */
export const productInto = (run: Runner, sizes: Sizes, a: Factor, b: Factor, writing: readonly Fragment[]): Dispatch =>
  productDispatch(run, sizes, a, b, writing, 1)

const plainly: Fragment = {
  key: 'write',
  source: () => `fn write(part: i32, row: i32, column: i32, value: f32) {
    result[(part * uniforms.rows + row) * uniforms.columns + column] = value;
  }`,
}

const partsFor = (sizes: Sizes): number => {
  const tile = tileFor(sizes)
  const tiles = Math.ceil(sizes.rows / tile.rows) * Math.ceil(sizes.columns / tile.columns)
  const slices = Math.ceil(sizes.depth / tile.depth)
  const wanted = Math.min(Math.ceil(WORKGROUPS / tiles), Math.floor(slices / SLICES))
  // As many as are left when each takes as many slices as the longest: none is empty.
  return wanted <= 1 ? 1 : Math.ceil(slices / Math.ceil(slices / wanted))
}

/** [rows, columns]. A long sum with few results is cut in parts, which are then summed in order. */
export const product = (run: Runner, store: Store, sizes: Sizes, a: Factor, b: Factor): TfjsTensor => {
  const { rows, columns } = sizes
  const parts = partsFor(sizes)
  const results = run.fresh(productDispatch(run, sizes, a, b, [plainly], parts), [parts, rows, columns])
  const sum = parts === 1 ? results : sumParts(run, results, parts, rows * columns)
  if (sum !== results) store.free(results)
  return sum
}
