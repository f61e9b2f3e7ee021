import { type CpnasError, cpnasError } from '@cpnas/core'
import type { PartTimes } from '@cpnas/runs'
import { type CostOf, excess, needsCost, type SearchConfig } from '@cpnas/search'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CostFacts, costsBy, measureTimes, randomArchitectures } from './measure.js'

/** What a search knows of costs: the table, which its config.json keeps, and what to say of it. */
export interface Costs {
  readonly times: PartTimes
  readonly costOf: CostOf
  readonly line: string
}

/** Random architectures that a target is tried on. */
const tried = 200

/** InvalidOption if no random architecture meets the targets. */
const checkTargets = (config: SearchConfig, costOf: CostOf): E.Either<CpnasError, void> => {
  const { targetMs, targetKb } = config
  if (targetMs === 0 && targetKb === 0) return E.right(undefined)
  const costs = randomArchitectures(config, 'target', tried).map(costOf)
  if (costs.some(cost => excess(config, cost) <= 0)) return E.right(undefined)
  const least = (of: 'milliseconds' | 'kilobytes'): number => Math.min(...costs.map(cost => cost[of]))
  return E.left(
    cpnasError(
      'InvalidOption',
      targetMs > 0 ? 'targetMs' : 'targetKb',
      `is met by none of ${tried} random architectures; the fastest takes ${least('milliseconds').toFixed(3)} ms, the smallest ${least('kilobytes').toFixed(1)} kB`,
      'Give more, or fewer `channels`',
    ),
  )
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** The costs that a search asks for: by the table that it was begun with, or one measured now. Undefined for a search that asks for none. */
export const prepareCosts = (
  config: SearchConfig,
  facts: CostFacts,
  stored: PartTimes | undefined,
  note: (line: string) => void,
): TE.TaskEither<CpnasError, Costs | undefined> => {
  if (!needsCost(config)) return TE.right(undefined)
  const made = (times: PartTimes, line: string): Costs => ({ times, costOf: costsBy(times, config, facts), line })
  if (stored) return TE.right(made(stored, 'Costs:  by the times that the search was begun with'))
  note('Timing packed networks of this space on one thread, for a quarter of a minute')
  return pipe(
    measureTimes(config, facts),
    TE.map(({ table, error }) =>
      made(
        table,
        `Costs:  times of packed networks on this machine; a table of their parts is off by ${percent(error.mean)} for others, at most ${percent(error.largest)}`,
      ),
    ),
    TE.chainFirstEitherK(({ costOf }) => checkTargets(config, costOf)),
  )
}
