import type { CpnasError } from '@cpnas/core'
import { hashOf } from '@cpnas/core'
import {
  operationsOf,
  type SearchConfig,
  type SearchState,
  samplesOf,
  searchWith,
  strategies,
  strategyOf,
  tableEvaluator,
} from '@cpnas/search'
import { allCells, keyOf, lookUp, type Table, type TableEntry } from '@cpnas/table'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { kendallTau } from '../statistics.js'
import { meanTest } from '../table/figures.js'

/** What one search over a table came to. */
export interface Replay {
  /** How far the found Child's mean test accuracy is behind that of the best architecture of the operations, 0..1. */
  readonly regret: number
  /** Trainings to the end, or parts of them, that it cost: those of Child and, where the strategy looks at it, Parent. */
  readonly cost: number
  /** Kendall's tau between the strategy's scores of all these architectures and their mean test accuracies; undefined without scores. */
  readonly tau: number | undefined
}

/** The training of an architecture that a search sees: one of its seeds, drawn anew for every search and architecture. */
const seen = (trainings: TableEntry['child'], seed: number, key: string, network: string) =>
  trainings[(hashOf(`${seed} ${network} ${key}`) >>> 0) % trainings.length]!

/** The table of accuracies as one search sees it. */
const evaluatorOf = (table: Table, seed: number, all: number) =>
  tableEvaluator(({ normal }, { epochs = all }) => {
    const key = keyOf(normal)
    const entry = table.entries.get(key)
    if (entry === undefined) return undefined
    const of = (network: 'child' | 'parent') => {
      const { validation, lossValidation } = seen(entry[network], seed, key, network)
      return { accuracy: validation[epochs - 1]!, loss: lossValidation }
    }
    return { child: of('child'), parent: of('parent') }
  })

const costOf = (config: SearchConfig, state: SearchState, all: number): number => {
  const networks = strategies[config.strategy]!.usesParent ? 2 : 1
  return samplesOf(state).reduce((sum, { epochs = config.epochsPerSample }) => sum + (networks * epochs) / all, 0)
}

/** One search over a table, trained for up to `all` epochs; its seed is the configuration's. Errors of `searchWith`. */
export const replay = (table: Table, config: SearchConfig, all: number): TE.TaskEither<CpnasError, Replay> => {
  const strategy = strategyOf(config, ({ normal }) => {
    const { milliseconds, bytes } = lookUp(table, normal)!
    return { milliseconds, kilobytes: bytes / 1000 }
  })
  const entries = allCells(operationsOf(config)).map(cell => lookUp(table, cell)!)
  const tests = entries.map(({ child }) => meanTest(child))
  return pipe(
    searchWith(strategy, evaluatorOf(table, config.seed, config.epochsPerSample)),
    TE.map(result => {
      const { state } = result
      const found = lookUp(table, strategy.result(state).normal)!
      const score = strategy.score?.(state)
      return {
        regret: Math.max(...tests) - meanTest(found.child),
        cost: costOf(config, state, all),
        tau:
          score &&
          kendallTau(
            entries.map(({ cell }) => score({ normal: cell, reduce: cell })),
            tests,
          ),
      }
    }),
  )
}
