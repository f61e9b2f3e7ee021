import { type CpnasError, cpnasError } from '@cpnas/core'
import { strategies } from '@cpnas/search'
import { allCells, isComplete, lookUp, type Table, tinyOperations } from '@cpnas/table'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { checkOperations } from '../table/operations.js'
import { type ComparisonOptions, parseContestant } from './compare.js'
import { leastBudget } from './contestants.js'

const refuse = (where: string, problem: string, remedy: string): Either<CpnasError, never> =>
  left(cpnasError('InvalidOption', where, problem, remedy))

/** Whether a strategy can work with what a table tells: how architectures do that were trained from scratch. */
export const replayable = (strategy: string): boolean => strategies[strategy]!.evaluators?.includes('scratch') ?? true

/** The most operations of which a table has every architecture; undefined if there are no two. */
const largestWhole = (table: Table): readonly string[] | undefined =>
  Array.from({ length: 2 ** tinyOperations.length }, (_, bits) => tinyOperations.filter((_, i) => (bits >> i) & 1))
    .filter(operations => operations.length > 1 && isComplete(table, operations))
    .sort((a, b) => b.length - a.length)[0]

/** InvalidOption: operations that the table does not know; a strategy that there is not, or that a table is nothing for; more epochs than the table has; a table with gaps. */
export const checkComparison = (
  table: Table,
  { strategies: names, operations, budgets, epochs, against }: ComparisonOptions,
): Either<CpnasError, void> => {
  const ofTable = checkOperations(operations)
  if (isLeft(ofTable)) return ofTable
  if (new Set(operations).size < Math.max(2, operations.length))
    return refuse('operations', `${operations.join(',')} will not do`, 'Give two or more, each once')
  const known = Object.keys(strategies)
  for (const name of [against, ...names]) {
    const { strategy, betaP } = parseContestant(name)
    if (!known.includes(strategy))
      return refuse('strategies', `${name} is no strategy`, `Known are ${known.join(', ')}`)
    if (betaP !== undefined && (strategy !== 'cp-nas' || !(betaP >= 0)))
      return refuse('strategies', `${name} will not do`, 'Give a beta_P of at least 0, to cp-nas only: cp-nas:0.5')
    if (!replayable(strategy))
      return refuse(
        'strategies',
        `${name} learns by gradient descent, and a table has no gradients`,
        `Give some of ${known.filter(replayable).join(', ')}`,
      )
    const least = leastBudget(strategy, operations)
    const small = budgets.find(budget => budget < least)
    if (small !== undefined)
      return refuse('budgets', `${small} is less than the ${least} trainings of ${name}`, `Give at least ${least}`)
  }
  const all = table.training.epochs as number
  if (epochs !== undefined && epochs > all)
    return refuse('epochs', `is ${epochs}, and the table's networks were trained for ${all}`, `Give at most ${all}`)
  if (!isComplete(table, operations)) {
    const cells = allCells(operations)
    const there = cells.filter(cell => lookUp(table, cell) !== undefined).length
    const whole = largestWhole(table)
    return refuse(
      'the table',
      `has ${there} of ${cells.length} architectures, and a search may ask for any of them`,
      whole === undefined
        ? 'Finish it with `cpnas table build --resume` and `cpnas table write`'
        : `Finish it, or give --operations ${whole.join(',')}: it has all of these`,
    )
  }
  return right(undefined)
}
