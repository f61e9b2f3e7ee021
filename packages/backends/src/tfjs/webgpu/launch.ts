import type { TfjsTensor } from '../tensor.js'

export type TableRow = readonly [number, number, number, number]

/** What a program is run on. */
export interface Launch {
  readonly inputs: readonly TfjsTensor[]
  readonly integers?: readonly number[]
  readonly floats?: readonly number[]
  /** The first of the table's rows; the others are 0. */
  readonly table?: readonly TableRow[]
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number, number]
}
