export {
  allCells,
  cellOf,
  digitsOf,
  isComplete,
  keyOf,
  lookUp,
  restrictTo,
  type Table,
  type TableEntry,
  type TableFacts,
  type TabulatedTraining,
  tinyOperations,
} from './table.js'
export { parseTable, printTable } from './text.js'
