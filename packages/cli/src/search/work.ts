import type { Backend } from '@cpnas/backends'
import type { Dataset } from '@cpnas/data'
import { type PreparedRun, pathsOf, type SearchRunConfig, writeHistory } from '@cpnas/runs'
import {
  runSearch,
  type SearchConfig,
  type SearchEvent,
  type SearchResult,
  type SearchState,
  samplesOf,
  strategyOf,
} from '@cpnas/search'
import { spaceOf, specFor, supernetShapes } from '@cpnas/supernet'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { counted } from '../report/amounts.js'
import { printSummary, summarize } from '../report/summary.js'
import type { Need } from '../runs/memory.js'
import { engineLine, introduction, type Opened, resumeCommand } from '../runs/run-command.js'
import { searchRun } from '../runs/search-run.js'
import { writeGenotype } from '../write-genotype.js'

type Finished = Extract<SearchResult, { readonly status: 'finished' }>

const { files, hyperparameters } = searchRun

/** Memory of all operations' weights: those of Child and Parent, or the one set that they share. SGD keeps a momentum. */
export const searchNeed = (config: SearchConfig, data: Dataset): Need => {
  const spec = specFor(config, data)
  const kinds = config.shareWeights ? (['child'] as const) : (['child', 'parent'] as const)
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
  { data, engine, config }: Pick<Opened<SearchRunConfig, SearchEvent>, 'data' | 'engine' | 'config'>,
): PreparedRun<SearchRunConfig, SearchState, SearchEvent, Finished> => ({
  format: searchRun,
  directory,
  config,
  stored,
  images: data.fingerprint,
  engine: engineLine(engine),
  introduction: state => {
    const { samples } = strategyOf(config.search).length
    const done = state === undefined ? 0 : samplesOf(state).length
    return [
      ...introduction(data, engine),
      `Run:    ${directory}, ${stored ? `continued after ${done} of ${samples} samples` : counted(samples, 'sample')}`,
    ]
  },
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
      TE.flatMap(() => writeGenotype(paths, genotype, spaceOf(config.search))),
      TE.map(() => {
        const summary = summarize(config.search, data.train, genotype, state, seconds())
        return { result: { ...summary, files: paths }, text: printSummary(summary, spaceOf(config.search), directory) }
      }),
    )
  },
  resumeCommand: resumeCommand(searchRun, directory),
  saved: { stopped: 'all finished samples are saved', failed: 'All finished samples are saved' },
})
