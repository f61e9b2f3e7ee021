import type { Space } from '@cpnas/supernet'
import { canonicalCell, tiny } from '@cpnas/supernet'

/** One training of an architecture. Accuracies are fractions in 0..1. */
export interface TabulatedTraining {
  readonly seed: number
  /** On the validation split after every epoch. */
  readonly validation: readonly number[]
  /** On the test images after the last epoch. */
  readonly test: number
  /** Mean training loss of the last epoch. */
  readonly loss: number
  /** Cross-entropy on the validation split after the last epoch. */
  readonly lossValidation: number
}

/** What is known of an architecture. */
export interface TableEntry {
  /** The operation of every edge. */
  readonly cell: readonly string[]
  /** Trainings of the Child and of the Parent, in the order of their seeds. */
  readonly child: readonly TabulatedTraining[]
  readonly parent: readonly TabulatedTraining[]
  /** Multiply-accumulates of the Child for one image, those of its 1-bit and of its 32-bit layers. */
  readonly binaryMacs: number
  readonly floatMacs: number
  /** Weights of 1 bit. */
  readonly bits: number
  /** Length of the Child's packed file. */
  readonly bytes: number
  /** Milliseconds an image takes the packed Child on one thread: the median of 50, on the machine that the table names. */
  readonly milliseconds: number
}

/** What all trainings of a table have in common. */
export interface TableFacts {
  readonly space: Space
  /** The data set, and the digest of its images. */
  readonly dataset: string
  readonly digest: string
  /** Images that a training learns from, is validated on after every epoch, and is tested on. */
  readonly images: { readonly training: number; readonly validation: number; readonly test: number }
  /** The configuration of the trainings: `TrainingConfig` of @cpnas/training, without seed and precision. */
  readonly training: Readonly<Record<string, unknown>>
  /** The engine that trained them, and the processor that milliseconds were measured on. */
  readonly engine: string
  readonly processor: string
}

/** A table of the architectures of a space. */
export interface Table extends TableFacts {
  /** By `keyOf` their cells. */
  readonly entries: ReadonlyMap<string, TableEntry>
}

/** The operations of a cell of `tiny` as digits, in the order of the space: `00312`. */
export const digitsOf = (cell: readonly string[]): string =>
  cell.map(operation => tiny.operations.findIndex(({ name }) => name === operation)).join('')

/** The cell of such digits. */
export const cellOf = (digits: string): readonly string[] =>
  [...digits].map(digit => tiny.operations[Number(digit)]!.name)

/** What identifies a cell: the digits of the first of all cells that compute the same. */
export const keyOf = (cell: readonly string[]): string => digitsOf(canonicalCell(cell))

/** The names of the space's operations, in its order. */
export const tinyOperations: readonly string[] = tiny.operations.map(({ name }) => name)

/** Every cell of `tiny` that is made of these operations, those that compute the same once. Default: all operations, so 1,000 cells. */
export const allCells = (operations = tinyOperations): readonly (readonly string[])[] => {
  const count = tiny.operations.length
  const length = tiny.edges.length
  return Array.from({ length: count ** length }, (_, i) => i.toString(count).padStart(length, '0'))
    .map(cellOf)
    .filter(cell => cell.every(operation => operations.includes(operation)) && keyOf(cell) === digitsOf(cell))
}

/** Whether every architecture that is made of these operations is in it. Default: all operations of the space. */
export const isComplete = ({ entries }: Table, operations = tinyOperations): boolean =>
  allCells(operations).every(cell => entries.has(digitsOf(cell)))

/** The part of a table whose architectures are made of these operations. */
export const restrictTo = (table: Table, operations: readonly string[]): Table => ({
  ...table,
  entries: new Map([...table.entries].filter(([, { cell }]) => cell.every(name => operations.includes(name)))),
})

/** What is known of a cell, or of one that computes the same; undefined if it is not in the table. */
export const lookUp = ({ entries }: Table, cell: readonly string[]): TableEntry | undefined => entries.get(keyOf(cell))
