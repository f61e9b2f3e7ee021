import { type SearchRunConfig, searchFormat } from '@cpnas/runs'
import { checkConfig, presets, type SearchConfig, searchOptions, withGiven } from '@cpnas/search'
import type { RunKind } from '../run-kind.js'

/** Names of the presets of a search. */
export type SearchPreset = keyof typeof presets

/** A search as a kind of run. */
export const searchRun: RunKind<SearchPreset, SearchConfig, SearchRunConfig> = {
  ...searchFormat,
  section: 'search',
  defaultPreset: 'quick',
  hyperparameters: { table: searchOptions, presets },
  withGiven,
  check: checkConfig,
  configOf: ({ search }) => search,
}
