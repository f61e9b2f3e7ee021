import type { TfjsTensor } from '../tensor.js'
import { type ColumnPlan, planColumns, sumProgram } from './column-reduction.js'
import type { Fragment, Runner } from './fragment.js'
import type { Program } from './program.js'
import { THREADS } from './wgsl.js'

/** Sums over rows, column by column. */
export interface ColumnSums {
  readonly rows: number
  readonly columns: number
  readonly fragments: readonly Fragment[]
  /** Of column-reduction.ts, without inputs of its own: it reads what the fragments declare. */
  readonly program: Pick<Program, 'key' | 'source'>
  /** Sums per column. */
  readonly values: number
}

const chunkSums = (
  run: Runner,
  { fragments, program, values, columns }: Omit<ColumnSums, 'rows'>,
  { chunks, integers, workgroups }: ColumnPlan,
): TfjsTensor => {
  const [rows, , width, rowsPerChunk] = integers as [number, number, number, number]
  return run.fresh(
    {
      fragments: [
        { key: '', integers: { rows, columns, width, rowsPerChunk, chunks } },
        ...fragments,
        { key: program.key, source: program.source },
      ],
      threads: THREADS,
      workgroups,
    },
    [chunks, values, columns],
  )
}

const partSums = sumProgram('parts', [], ['parts[uniforms.partsAt + i]'])

/** The sum of `count` tensors of `size` elements that lie one after the other, in this order; shape [1, 1, size]. */
export const sumParts = (run: Runner, parts: TfjsTensor, count: number, size: number): TfjsTensor =>
  chunkSums(
    run,
    { columns: size, values: 1, fragments: [{ key: '', inputs: { parts } }], program: partSums },
    planColumns(count, size, true),
  )

/** `values` * `columns` elements, in the order in which the program writes those of a chunk. */
export const sumColumns = (run: Runner, free: (x: TfjsTensor) => void, sums: ColumnSums): TfjsTensor => {
  const plan = planColumns(sums.rows, sums.columns)
  const partials = chunkSums(run, sums, plan)
  if (plan.chunks === 1) return partials
  const total = sumParts(run, partials, plan.chunks, sums.values * sums.columns)
  free(partials)
  return total
}
