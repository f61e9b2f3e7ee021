import { type SearchRunConfig, searchFormat } from '@cpnas/runs'
import { checkConfig, presets, type SearchConfig, searchOptions } from '@cpnas/search'
import { hyperparametersOf } from '../hyperparameters.js'
import type { RunKind } from './run-kind.js'

/** A search as a kind of run. */
export const searchRun = {
  ...searchFormat,
  command: 'search',
  section: 'search',
  defaultDirectory: './cpnas-run',
  defaultPreset: 'quick',
  hyperparameters: hyperparametersOf(searchOptions, presets),
  check: checkConfig,
  configOf: ({ search }) => search,
} as const satisfies RunKind<keyof typeof presets, SearchConfig, SearchRunConfig>
