import type { CpnasError } from '@cpnas/core'
import { hashOf } from '@cpnas/core'
import { type SearchConfig, type SearchState, samplesOf, searchWith, strategies, tableEvaluator } from '@cpnas/search'
import { keyOf, type Table, type TableEntry } from '@cpnas/table'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { judge, strategyWith, type Truth, type Verdict } from './truth.js'

/** What one search over a table came to. */
export interface Replay extends Verdict {
  /** Trainings to the end, or parts of them, that it cost: those of Child and, where the strategy looks at it, Parent. */
  readonly cost: number
}

/** The training of an architecture that a search sees: one of its seeds, drawn anew for every search and architecture. */
const seen = (trainings: TableEntry['child'], seed: number, key: string, network: string) =>
  trainings[(hashOf(`${seed} ${network} ${key}`) >>> 0) % trainings.length]!

/** The table as one search sees it; of a training that has not ended it knows no loss. */
const evaluatorOf = (table: Table, seed: number, all: number) =>
  tableEvaluator(({ normal }, { epochs = all }) => {
    const key = keyOf(normal)
    const entry = table.entries.get(key)
    if (entry === undefined) return undefined
    const of = (network: 'child' | 'parent') => {
      const { validation, lossValidation } = seen(entry[network], seed, key, network)
      return { accuracy: validation[epochs - 1]!, loss: epochs === validation.length ? lossValidation : Number.NaN }
    }
    return { child: of('child'), parent: of('parent') }
  })

const costOf = (config: SearchConfig, state: SearchState, all: number): number => {
  const networks = strategies[config.strategy]!.usesParent ? 2 : 1
  return samplesOf(state).reduce((sum, { epochs = config.epochsPerSample }) => sum + (networks * epochs) / all, 0)
}

/** One search over a table, trained for up to `all` epochs; its seed is the configuration's. Errors of `searchWith`. */
export const replay = (truth: Truth, config: SearchConfig, all: number): TE.TaskEither<CpnasError, Replay> => {
  const strategy = strategyWith(truth.table, config)
  return pipe(
    searchWith(strategy, evaluatorOf(truth.table, config.seed, config.epochsPerSample)),
    TE.map(({ state }) => ({
      ...judge(truth, strategy, state, strategy.result(state).normal),
      cost: costOf(config, state, all),
    })),
  )
}
