import { addedSearchOptions, checkConfig, parseConfig, presets, type SearchConfig, searchOptions } from '@cpnas/search'
import { withoutAdded } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { hyperparametersOf } from '../hyperparameters.js'
import { commonFiles, commonSettings, type RunBase, type RunKind } from './run-kind.js'

/** What made a search what it is: the content of its config.json. */
export interface SearchRunConfig extends RunBase {
  readonly search: SearchConfig
}

export const searchFiles = { ...commonFiles, genotype: 'genotype.json', cells: 'cells.svg' } as const

/** A search as a kind of run. */
export const searchRun = {
  command: 'search',
  defaultDirectory: './cpnas-run',
  defaultPreset: 'quick',
  format: 'cpnas-run',
  version: 1,
  files: searchFiles,
  hyperparameters: hyperparametersOf(searchOptions, presets),
  check: checkConfig,
  configOf: ({ search }) => search,
  parse: (base, { search }) =>
    pipe(
      parseConfig(search),
      E.bimap(
        ({ where, problem }) => `"search.${where}" ${problem}`,
        search => ({ ...base, search }),
      ),
    ),
  settings: run => ({ ...commonSettings(run), ...withoutAdded(run.search, addedSearchOptions) }),
} as const satisfies RunKind<keyof typeof presets, SearchConfig, SearchRunConfig>
