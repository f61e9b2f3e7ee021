import type { Program } from './program.js'
import { foldWorkgroup, THREADS } from './wgsl.js'

/** Columns that a workgroup takes at most: neighbours in memory, read together. */
const WIDTH = 64
/** In one chunk: fewer, so that more invocations share a column, the fewer columns the more. */
const WHOLE_WIDTH = 16
const FEW_COLUMNS = 1024
const FEW_WIDTH = 4
/** Rows that an invocation takes at least, as long as there are not enough of them for all. */
const ROWS = 8
/** Number of workgroups that keeps a GPU busy. */
const WORKGROUPS = 1024

/** How a reduction over the rows of a matrix is shared out: blocks of columns, chunks of rows. */
export interface ColumnPlan {
  readonly chunks: number
  /** Of uniforms `columnIntegers`. */
  readonly integers: readonly number[]
  readonly workgroups: readonly [number, number, number]
}

/** Chunks depend on the sizes alone, so the same sums have the same order everywhere. `whole`: one chunk. */
export const planColumns = (rows: number, columns: number, whole = false): ColumnPlan => {
  const widest = !whole || columns > 2 ** 16 ? WIDTH : columns > FEW_COLUMNS ? WHOLE_WIDTH : FEW_WIDTH
  const blocks = Math.ceil(columns / widest)
  const width = Math.ceil(columns / blocks)
  const lanes = Math.floor(THREADS / width)
  const wanted = whole || rows <= 2 * ROWS * lanes ? 1 : Math.ceil(rows / (ROWS * lanes))
  const rowsPerChunk = Math.ceil(rows / Math.min(wanted, Math.max(1, Math.floor(WORKGROUPS / blocks))))
  const chunks = Math.ceil(rows / rowsPerChunk)
  return { chunks, integers: [rows, columns, width, rowsPerChunk, chunks], workgroups: [chunks, blocks, 1] }
}

const columnIntegers = ['rows', 'columns', 'width', 'rowsPerChunk', 'chunks']

interface ColumnReduction {
  readonly key: string
  readonly inputs: readonly string[]
  /** Further uniforms, whose values come after the plan's. */
  readonly integers?: readonly string[]
  readonly floats?: readonly string[]
  /** WGSL: declarations, `combine(i, j)` among them. */
  readonly declarations: string
  /** WGSL: before the rows, within them (`row`, and `i` = row * columns + column; or with `begin`, `end` and `lanes` a loop of its own), and after. */
  readonly begin: string
  readonly each: string | { readonly loop: string }
  /** WGSL: writes the invocation's values to entry `thread` of workgroup memory. */
  readonly store: string
  /** WGSL: writes results of entry `thread`, for `column` and `chunk`. */
  readonly finish: string
}

/** A reduction over rows: each invocation takes every `lanes`-th row of a chunk in one column, then the workgroup folds them. */
export const columnProgram = ({ key, inputs, integers = [], floats = [], ...wgsl }: ColumnReduction): Program => ({
  key,
  inputs,
  integers: [...columnIntegers, ...integers],
  floats,
  workgroup: [THREADS, 1, 1],
  source: () => `
    ${wgsl.declarations}
    ${foldWorkgroup}
    fn main() {
      let thread = i32(localIndex);
      let lanes = ${THREADS} / uniforms.width;
      let lane = thread / uniforms.width;
      let column = i32(workgroupId.y) * uniforms.width + thread - lane * uniforms.width;
      let chunk = i32(workgroupId.x);
      let end = min((chunk + 1) * uniforms.rowsPerChunk, uniforms.rows);
      let inside = lane < lanes && column < uniforms.columns;
      ${wgsl.begin}
      if (inside) {
        let begin = chunk * uniforms.rowsPerChunk + lane;
        ${
          typeof wgsl.each === 'string'
            ? `for (var row = begin; row < end; row += lanes) { let i = row * uniforms.columns + column; ${wgsl.each} }`
            : wgsl.each.loop
        }
      }
      ${wgsl.store}
      foldWorkgroup(lanes, uniforms.width);
      if (inside && lane == 0) { ${wgsl.finish} }
    }`,
})

interface MoreOfSums {
  readonly integers?: readonly string[]
  /** WGSL in front of the terms, which may use what it declares. */
  readonly before?: string
  /** WGSL after the sums were written, which are also in `sums0[thread]`, `sums1[thread]`, ... */
  readonly after?: string
}

/** Per column, sums of `terms`, WGSL of `row`, `i` and `column`; the result is [chunks, terms, columns]. */
export const sumProgram = (
  key: string,
  inputs: readonly string[],
  terms: readonly string[],
  { integers = [], before = '', after = '' }: MoreOfSums = {},
): Program =>
  columnProgram({
    key,
    inputs,
    integers,
    declarations: `
      ${terms.map((_, t) => `var<workgroup> sums${t} : array<f32, ${THREADS}>;`).join('\n')}
      fn combine(i : i32, j : i32) { ${terms.map((_, t) => `sums${t}[i] += sums${t}[j];`).join(' ')} }`,
    begin: terms.map((_, t) => `var sum${t} = 0.0;`).join(' '),
    each: `${before} ${terms.map((term, t) => `sum${t} += ${term};`).join(' ')}`,
    store: terms.map((_, t) => `sums${t}[thread] = sum${t};`).join(' '),
    finish: terms
      .map((_, t) => `result[(chunk * ${terms.length} + ${t}) * uniforms.columns + column] = sums${t}[thread];`)
      .join(' ')
      .concat(after),
  })

/** Sums over the rows of one matrix. */
export const columnSums: Program = sumProgram('columnSums', ['x'], ['x[uniforms.xAt + i]'])
