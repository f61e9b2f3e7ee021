import { isRecord } from '@cpnas/core'
import { addedSearchOptions, parseConfig, type SearchConfig } from '@cpnas/search'
import { withoutAdded } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { commonFiles, commonSettings, type RunBase } from '../base.js'
import type { RunFormat } from '../directory.js'

/** The content of a search's config.json. */
export interface SearchRunConfig extends RunBase {
  readonly search: SearchConfig
  /** How long the parts of packed networks take on the machine that it was begun on; of a search with two goals or a target. */
  readonly times?: PartTimes
}

/** Milliseconds of the parts of packed networks; a whole one takes `base` plus `factor` times their sum. */
export interface PartTimes {
  readonly parts: Readonly<Record<string, number>>
  readonly base: number
  readonly factor: number
}

const isTimes = (value: unknown): value is PartTimes =>
  isRecord(value) &&
  isRecord(value.parts) &&
  [value.base, value.factor, ...Object.values(value.parts)].every(Number.isFinite)

/** The files of a search by what they hold. */
export const searchFiles = { ...commonFiles, genotype: 'genotype.json', cells: 'cells.svg' } as const

/** What a search with two goals or a target leaves besides. */
export const frontFiles = { json: 'front.json', picture: 'front.svg' } as const

/** The directory of a search. */
export const searchFormat: RunFormat<SearchRunConfig> & { readonly files: typeof searchFiles } = {
  format: 'cpnas-run',
  version: 1,
  files: searchFiles,
  parse: (base, { search, times }) =>
    pipe(
      parseConfig(search),
      E.mapLeft(({ where, problem }) => `"search.${where}" ${problem}`),
      E.filterOrElse(
        () => times === undefined || isTimes(times),
        () => '"times" are no times of parts',
      ),
      E.map(search => ({ ...base, search, ...(isTimes(times) ? { times } : {}) })),
    ),
  settings: ({ times, ...run }) => ({
    ...commonSettings(run),
    ...withoutAdded(run.search, addedSearchOptions),
    ...(times && { times }),
  }),
}
