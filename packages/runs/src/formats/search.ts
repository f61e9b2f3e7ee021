import { addedSearchOptions, parseConfig, type SearchConfig } from '@cpnas/search'
import { withoutAdded } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { commonFiles, commonSettings, type RunBase } from '../base.js'
import type { RunFormat } from '../directory.js'

/** The content of a search's config.json. */
export interface SearchRunConfig extends RunBase {
  readonly search: SearchConfig
}

/** The files of a search by what they hold. */
export const searchFiles = { ...commonFiles, genotype: 'genotype.json', cells: 'cells.svg' } as const

/** The directory of a search. */
export const searchFormat: RunFormat<SearchRunConfig> & { readonly files: typeof searchFiles } = {
  format: 'cpnas-run',
  version: 1,
  files: searchFiles,
  parse: (base, { search }) =>
    pipe(
      parseConfig(search),
      E.bimap(
        ({ where, problem }) => `"search.${where}" ${problem}`,
        search => ({ ...base, search }),
      ),
    ),
  settings: run => ({ ...commonSettings(run), ...withoutAdded(run.search, addedSearchOptions) }),
}
