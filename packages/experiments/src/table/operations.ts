import { type CpnasError, cpnasError } from '@cpnas/core'
import { tinyOperations } from '@cpnas/table'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** InvalidOption: names that are no operations of a table's space. */
export const checkOperations = (operations: readonly string[]): Either<CpnasError, void> => {
  const foreign = operations.find(name => !tinyOperations.includes(name))
  return foreign === undefined
    ? right(undefined)
    : left(
        cpnasError(
          'InvalidOption',
          'operations',
          `${foreign} is no operation of the table`,
          `Known are ${tinyOperations.join(', ')}`,
        ),
      )
}
