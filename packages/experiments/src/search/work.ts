import type { Backend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { type Dataset, openSplits } from '@cpnas/data'
import type { Giver } from '@cpnas/queue'
import { type PreparedRun, pathsOf, perform, type SearchRunConfig, searchFiles, writeHistory } from '@cpnas/runs'
import {
  type Cost,
  type CostOf,
  checkShareable,
  networksOf,
  runSearch,
  type SearchConfig,
  type SearchEvent,
  type SearchResult,
  type SearchState,
  samplesOf,
} from '@cpnas/search'
import { spaceOf, specFor, supernetShapes } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type FrontPoint, writeFront } from '../cost/front.js'
import { prepareCosts } from '../cost/prepare.js'
import { checkMemory, type Need } from '../memory.js'
import { engineText, type Opened, openRun, performing, type Telling } from '../open-run.js'
import type { Plan } from '../plan.js'
import { queuePerformer } from '../work/sample.js'
import { withWorkers } from '../work/with-workers.js'
import { writeGenotype } from '../write-genotype.js'
import { searchRun } from './kind.js'
import { type SearchSummary, summarizeSearch } from './summary.js'

/** The result of a finished search, and the paths of its files. */
export type SearchOutcome = SearchSummary & {
  /** Of a search with two goals or a target: its front, and what the packed network that it found costs. */
  readonly front?: readonly FrontPoint[]
  readonly cost?: Cost
  readonly files: Readonly<Record<keyof typeof searchFiles, string>>
}

type Finished = Extract<SearchResult, { readonly status: 'finished' }>

/** Memory of all operations' weights: those of every network, or the one set that they share. SGD keeps a momentum. */
export const searchNeed = (config: SearchConfig, data: Dataset): Need => {
  const spec = specFor(config, data)
  const kinds = config.shareWeights ? (['child'] as const) : networksOf(config)
  return {
    shapes: kinds.map(kind => supernetShapes(spec, kind)),
    moments: 1,
    channels: config.channels,
    batchSize: config.batchSize,
    image: data,
  }
}

/** The search in a directory, with all it needs open. */
export const searchRunOf = (
  { directory, stored }: { readonly directory: string; readonly stored: SearchRunConfig | undefined },
  { data, engine, config }: Pick<Opened<SearchRunConfig>, 'data' | 'engine' | 'config'>,
  { giver, costOf }: { readonly giver?: Giver | undefined; readonly costOf?: CostOf | undefined } = {},
): PreparedRun<SearchRunConfig, SearchState, SearchEvent, Finished, SearchOutcome> => ({
  format: searchRun,
  directory,
  config,
  stored,
  images: data.fingerprint,
  engine: engineText(engine),
  work: options => {
    // An engine's tensors are its own: the search is generic in them.
    const backend = engine.backend as Backend<unknown>
    if (giver === undefined) return runSearch(backend, data.train, config.search, { ...options, costOf })
    const { performer, by, close } = queuePerformer(giver, config.search, specFor(config.search, data.train))
    return pipe(
      runSearch(backend, data.train, config.search, {
        ...options,
        save: snapshot => options.save(snapshot, by()),
        performer,
        costOf,
      }),
      TE.tapTask(() => close),
    )
  },
  finish: ({ genotype, state }, _, seconds) => {
    const paths = pathsOf(searchFiles, directory)
    return pipe(
      writeHistory(searchFiles, directory, state),
      TE.flatMap(() => writeGenotype(paths, genotype, spaceOf(config.search))),
      TE.flatMap(() => (costOf === undefined ? TE.right(undefined) : writeFront(directory, samplesOf(state), costOf))),
      TE.map(front => ({
        ...summarizeSearch(config.search, data.train, genotype, state, seconds()),
        ...(front && costOf && { front, cost: costOf(genotype) }),
        files: paths,
      })),
    )
  },
})

/** Everything that a search has opened when it begins. */
export type OpenedSearch = Opened<SearchRunConfig, unknown>

/**
 * Performs a planned search in its directory, to its end, or until the signal comes: then undefined, with all finished samples saved.
 * InvalidOption: a network that does not fit the memory, a split smaller than a batch.
 */
export const performSearch = (
  plan: Plan<SearchConfig, SearchRunConfig>,
  telling: Telling<OpenedSearch, SearchState, SearchEvent>,
): TE.TaskEither<CpnasError, SearchOutcome | undefined> =>
  openRun(plan, telling, {
    prepare: ({ train }) =>
      pipe(
        TE.fromEither(checkMemory(searchNeed(plan.config, train), plan.backend)),
        TE.flatMapEither(() => (telling.queue === undefined ? E.right(plan.config) : checkShareable(plan.config))),
        TE.flatMapEither(() => openSplits(train, plan.config, 'batches')),
        TE.flatMap(() => prepareCosts(plan.config, train, plan.stored?.times, telling.note ?? (() => {}))),
      ),
    complete: (base, costs) => ({ ...base, search: plan.config, ...(costs && { times: costs.times }) }),
    use: opened =>
      withWorkers({ ...opened, directory: plan.directory }, telling, (giver, lines) => {
        const { prepared: costs } = opened
        return perform(
          searchRunOf(plan, opened, { giver, costOf: costs?.costOf }),
          performing(opened, telling, [...(costs ? [costs.line] : []), ...lines]),
        )
      }),
  })
