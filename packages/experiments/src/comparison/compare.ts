import { setImmediate } from 'node:timers/promises'
import type { Interruption } from '@cpnas/core'
import type { ComparisonRow, Difference } from '@cpnas/runs'
import type { Table } from '@cpnas/table'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { mean, median, quantile } from 'simple-statistics'
import { pairedTest, unpairedTest } from '../statistics.js'
import { type Budget, contestantFor, leastBudget } from './contestants.js'
import { type Replay, replay } from './replay.js'
import { alikeSearches, readSearches } from './searches.js'
import { type Truth, truthOf } from './truth.js'

/** What is compared. */
export interface ComparisonOptions {
  /** Names of strategies; `cp-nas:0.5` is `cp-nas` with a beta_P of 0.5. */
  readonly strategies: readonly string[]
  /** The operations that compete; the table has all architectures that are made of them. */
  readonly operations: readonly string[]
  /** Costs of a search, in trainings to the end. */
  readonly budgets: readonly Budget[]
  /** Searches of every strategy at every budget, with the seeds 0, 1, ... */
  readonly replays: number
  /** Epochs that a sample is trained for. Default: those of the table. */
  readonly epochs?: number
  /** The strategy that the others are tested against. */
  readonly against: string
}

/** How a comparison is stopped and followed. */
export interface ComparisonWork {
  /** Stops it after the search that is running. */
  readonly signal: AbortSignal
  /** Called after every strategy and budget. */
  readonly onDone: (done: number, all: number) => void
}

/** The strategy and the beta_P of a contestant's name. */
export const parseContestant = (name: string): { readonly strategy: string; readonly betaP?: number } => {
  const [strategy, betaP] = name.split(':') as [string, string?]
  return betaP === undefined ? { strategy } : { strategy, betaP: Number(betaP) }
}

const replaysOf = async (
  truth: Truth,
  name: string,
  budget: Budget,
  { operations, replays, ...given }: ComparisonOptions,
  signal: AbortSignal,
): Promise<E.Either<Interruption, readonly Replay[]>> => {
  const { strategy, ...options } = parseContestant(name)
  const all = truth.table.training.epochs as number
  const { epochs = all } = given
  // `successive-halving` looks at unfinished trainings, whose loss a table does not know.
  const score = epochs === all && strategy !== 'successive-halving' ? 'loss' : 'accuracy'
  const done: Replay[] = []
  for (let seed = 0; seed < replays; seed++) {
    // Signals are heard between tasks only.
    await setImmediate()
    if (signal.aborted) return E.left('stopped')
    const config = contestantFor(strategy, budget, { operations, epochs, score, seed, ...options })
    const one = await replay(truth, config, all)()
    if (E.isLeft(one)) return one
    done.push(one.right)
  }
  return E.right(done)
}

const rowOf = (
  strategy: string,
  budget: Budget,
  searches: readonly Pick<Replay, 'regret' | 'cost' | 'tau'>[],
  test: ((regrets: readonly number[]) => Difference) | undefined,
): ComparisonRow => {
  const regrets = searches.map(({ regret }) => regret)
  const taus = searches.flatMap(({ tau }) => (tau === undefined ? [] : [tau]))
  return {
    strategy,
    budget,
    cost: mean(searches.map(({ cost }) => cost)),
    median: median(regrets),
    quartiles: [quantile(regrets, 0.25), quantile(regrets, 0.75)],
    mean: mean(regrets),
    tau: taus.length > 0 ? median(taus) : undefined,
    difference: test?.(regrets),
  }
}

const pairedWith =
  (others: readonly Replay[]) =>
  (regrets: readonly number[]): Difference =>
    pairedTest(regrets.map((regret, i) => regret - others[i]!.regret))

/**
 * Runs strategies over a table at several budgets, and says how far what they find is behind the best architecture that they might find. Every search sees one
 * of an architecture's seeds; what it found is judged by the mean of all. Searches of one seed see the same, so they are compared in pairs.
 * `stopped`, or errors of `searchWith`.
 */
export const compareOnTable =
  (
    table: Table,
    options: ComparisonOptions,
    { signal, onDone }: ComparisonWork,
  ): TaskEither<Interruption, readonly ComparisonRow[]> =>
  async () => {
    const { strategies, budgets, against } = options
    const names = [...new Set([against, ...strategies])]
    const truth = truthOf(table, options.operations)
    const rows: ComparisonRow[] = []
    for (const budget of budgets) {
      const found = new Map<string, readonly Replay[]>()
      for (const name of names) {
        const replays = await replaysOf(truth, name, budget, options, signal)
        if (E.isLeft(replays)) return replays
        found.set(name, replays.right)
        onDone(rows.length + found.size, budgets.length * names.length)
      }
      for (const [name, replays] of found)
        rows.push(rowOf(name, budget, replays, name === against ? undefined : pairedWith(found.get(against)!)))
    }
    return E.right(rows)
  }

/**
 * Searches that ran on the images of the table, in a directory: what they found is judged as that of replays, and tested against as many
 * replays of `against` as `replays` says, which cost the same. Searches that differ by their seeds only make a row. Errors of
 * `readSearches` and `searchWith`, or `stopped`.
 */
export const compareOnImages =
  (
    table: Table,
    directory: string,
    options: ComparisonOptions,
    { signal }: Pick<ComparisonWork, 'signal'>,
  ): TaskEither<Interruption, readonly ComparisonRow[]> =>
  async () => {
    const { against, operations } = options
    const truth = truthOf(table, operations)
    const searches = await readSearches(truth, directory)()
    if (E.isLeft(searches)) return searches
    const rows: ComparisonRow[] = []
    for (const { name, searches: alike } of alikeSearches(searches.right)) {
      const least = leastBudget(parseContestant(against).strategy, operations)
      const budget = Math.max(least, Math.round(mean(alike.map(({ cost }) => cost))))
      const others = await replaysOf(truth, against, budget, options, signal)
      if (E.isLeft(others)) return others
      const regrets = others.right.map(({ regret }) => regret)
      rows.push({
        // One search says nothing of how much searches differ.
        ...rowOf(name, budget, alike, alike.length > 1 ? own => unpairedTest(own, regrets) : undefined),
        onImages: { searches: alike.length, coreSeconds: mean(alike.map(({ coreSeconds }) => coreSeconds)) },
      })
    }
    return E.right(rows)
  }
