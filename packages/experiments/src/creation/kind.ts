import { checkOptions, flag, integer, isCount, type OptionTable, parseOptions } from '@cpnas/core'
import { commonFiles, commonSettings, type RunBase } from '@cpnas/runs'
import { parseConfig, type SearchConfig } from '@cpnas/search'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { RunKind } from '../run-kind.js'
import type { CreationConfig } from './budget.js'

/** The content of a creation's config.json. */
export interface CreationRunConfig extends RunBase {
  readonly creation: CreationConfig
  /** Null: it begins with a trained network. */
  readonly search: SearchConfig | null
  /** The trained network that it begins with: a model file, the directory of a training, or `zoo:NAME`; null: a search. */
  readonly initFrom: string | null
  /** First channels of the network to train. */
  readonly channels: number
}

/** Names of the files of a creation. */
export const creationFiles = {
  ...commonFiles,
  packed: 'model.cpnas',
  onnx: 'model.onnx',
  page: 'index.html',
  report: 'report.html',
  card: 'README.md',
  result: 'creation.json',
} as const

const table: OptionTable<CreationConfig> = {
  seed: { range: integer(0), description: 'random seed' },
  minutes: {
    range: { kind: 'number', minimum: 0.1, maximum: 10_080 },
    description: 'minutes that all of it may take',
  },
  flip: {
    range: flag,
    description: 'mirror pictures at random while training; turn it off where left and right matter, as in letters',
  },
}

/** A creation as a kind of run: a search, a training of its result, and the files to ship. */
export const creationRun: RunKind<'default', CreationConfig, CreationRunConfig> = {
  section: 'creation',
  defaultPreset: 'default',
  format: 'cpnas-creation',
  version: 1,
  files: creationFiles,
  hyperparameters: { table, presets: { default: { seed: 0, minutes: 15, flip: true } } },
  check: config => checkOptions(table, config),
  configOf: ({ creation }) => creation,
  parse: (base, { creation, search, channels, initFrom = null }) =>
    pipe(
      E.Do,
      E.bind('creation', () => parseOptions(table, creation, 'a creation')),
      E.bind('search', () => (search === null ? E.right(null) : parseConfig(search))),
      E.mapLeft(({ where, problem }) => `"${where}" ${problem}`),
      E.flatMap(parsed => {
        if (!isCount(channels)) return E.left('does not say how many channels')
        if (
          (typeof initFrom === 'string') !== (parsed.search === null) ||
          (initFrom !== null && typeof initFrom !== 'string')
        )
          return E.left('must have a search or "initFrom", a trained network')
        return E.right({ ...base, ...parsed, channels, initFrom })
      }),
    ),
  settings: run => ({ ...commonSettings(run), ...run.creation }),
}
