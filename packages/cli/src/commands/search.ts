import type { Backend } from '@cpnas/backends'
import type { SearchConfig } from '@cpnas/search'
import {
  networkSpec,
  runSearch,
  type SearchEvent,
  type SearchResult,
  type SearchState,
  sampleCount,
  samplesOf,
  splitsOf,
} from '@cpnas/search'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { searchWords } from '../report/search-words.js'
import { printSummary, summarize } from '../report/summary.js'
import { execute, type Run } from '../runs/execute.js'
import { type Plan, planRun } from '../runs/plan-run.js'
import { introduction, type Opened, requestOf, resumeCommand, runOptions, withRun } from '../runs/run-command.js'
import { pathsOf, writeGenotype, writeHistory } from '../runs/run-directory.js'
import { type SearchRunConfig, searchRun } from '../runs/search-run.js'

type SearchPlan = Plan<SearchConfig, SearchRunConfig>
type Finished = Extract<SearchResult, { readonly status: 'finished' }>

const { files, hyperparameters } = searchRun

const runOf = (
  { directory, stored }: SearchPlan,
  { data, engine, config }: Opened<SearchRunConfig, SearchEvent, unknown>,
): Run<SearchRunConfig, SearchState, SearchEvent, Finished> => ({
  format: searchRun,
  directory,
  config,
  stored,
  introduction: state => [
    ...introduction(data, engine),
    `Run:    ${directory}, ${stored ? `continued after ${state === undefined ? 0 : samplesOf(state).length} of ${sampleCount(config.search)} samples` : `${sampleCount(config.search)} samples`}`,
  ],
  work: options =>
    pipe(
      // An engine's tensors are its own: the search is generic in them.
      runSearch(engine.backend as Backend<unknown>, data.train, config.search, options),
      TE.mapLeft(hyperparameters.asFlags),
    ),
  finish: ({ genotype, state }, _, seconds) => {
    const paths = pathsOf(files, directory)
    return pipe(
      writeHistory(files, directory, state),
      TE.flatMap(() => writeGenotype(paths, genotype)),
      TE.map(() => {
        const summary = summarize(networkSpec(config.search, data.train), genotype, state, seconds())
        return { result: { ...summary, files: paths }, text: printSummary(summary, directory) }
      }),
    )
  },
  resumeCommand: resumeCommand(searchRun, directory),
  saved: { stopped: 'all finished samples are saved', failed: 'All finished samples are saved' },
})

/** `cpnas search`. */
export const searchCommand = command({
  name: 'search',
  summary: 'Search the cells of a 1-bit network on images',
  details: `Writes into --out: config.json, genotype.json, history.jsonl, cells.svg and a checkpoint after every sample.
Stop it with Ctrl-C whenever you like; --resume continues as if it had never stopped, on any engine.`,
  options: { ...runOptions(searchRun), ...hyperparameters.options } satisfies CommandOptions,
  run: (given, io) =>
    pipe(
      planRun(searchRun, requestOf(searchRun, given)),
      TE.flatMap(plan =>
        withRun(plan, given, io, {
          words: searchWords(plan.config),
          prepare: ({ train }) =>
            pipe(TE.fromEither(splitsOf(train, plan.config)), TE.mapLeft(hyperparameters.asFlags)),
          complete: base => ({ ...base, search: plan.config }),
          use: opened => execute(runOf(plan, opened), io, opened.reporter, given.json ?? false),
        }),
      ),
    ),
})
