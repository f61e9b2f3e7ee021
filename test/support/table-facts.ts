import { tiny } from '@cpnas/supernet'
import type { TableEntry, TableFacts } from '@cpnas/table'

/** A table's facts, of networks trained for so many epochs. */
export const tableFacts = (epochs: number): TableFacts => ({
  space: tiny,
  dataset: 'cifar10',
  digest: '',
  images: { training: 100, validation: 1000, test: 1000 },
  training: { epochs },
  engine: 'wasm',
  processor: 'one',
})

/** An architecture's figures besides its accuracies, of so many 1-bit multiply-accumulates. */
export const tableFigures = (binaryMacs: number): Omit<TableEntry, 'cell' | 'child' | 'parent'> => ({
  ...{ binaryMacs, floatMacs: 1, bits: 1, bytes: 1, milliseconds: 1 },
})
