import { isCount } from '@cpnas/core'
import { commonFiles, isText, parseCells, type RunBase } from '@cpnas/runs'
import { addedSearchOptions } from '@cpnas/search'
import { type Genotype, printGenotype, spaceOf } from '@cpnas/supernet'
import { addedTrainingOptions } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type ImagesMeasured, imagesMeasured } from '../inner-runs.js'
import type { RunKind } from '../run-kind.js'
import {
  type AblationConfig,
  type AblationPreset,
  ablationOptions,
  ablationPresets,
  checkAblationConfig,
  type FlatConfig,
  flatten,
  unflatten,
  withGivenFlat,
} from './options.js'
import { formatVary, parseVary, type Vary } from './vary.js'

/** The content of an ablation's config.json. */
export interface AblationRunConfig extends RunBase, AblationConfig {
  /** As on the command line, `beta-p=0,1`. */
  readonly vary: readonly string[]
  readonly seeds: number
  readonly on: ImagesMeasured
  readonly parents: boolean
  /** The cells that all runs train; null: each trains those of a search. */
  readonly genotype: Genotype | null
  /** The trained Parent that trainings with a distillation weight learn from, and its SHA-256; null: none. */
  readonly teacher: string | null
  readonly teacherHash: string | null
}

/** Names of the files of an ablation. */
export const ablationFiles = {
  // Includes those of other runs, so that an ablation does not start in the directory of another run.
  ...commonFiles,
  json: 'ablation.json',
  csv: 'ablation.csv',
  chart: 'ablation.svg',
} as const

const parseVaries = (value: unknown): E.Either<string, readonly Vary[]> =>
  Array.isArray(value)
    ? pipe(
        value.map((one: unknown) => parseVary(String(one))),
        E.sequenceArray,
        E.mapLeft(() => '"vary" names no options and their values'),
      )
    : E.left('"vary" is no list')

/** The options that are varied, of a configuration that has been checked. */
export const varyOf = ({ vary }: AblationRunConfig): readonly Vary[] => {
  const parsed = parseVaries(vary)
  return E.isLeft(parsed) ? [] : parsed.right
}

const parseConfigs = (search: unknown, training: unknown): E.Either<string, AblationConfig> =>
  pipe(
    checkAblationConfig(
      flatten({
        search: { ...addedSearchOptions, ...(search ?? {}) },
        training: { ...addedTrainingOptions, ...(training ?? {}) },
      } as AblationConfig),
    ),
    E.bimap(({ where, problem }) => `"${where}" ${problem}`, unflatten),
  )

/** An ablation as a kind of run: one of runs. */
export const ablationRun: RunKind<AblationPreset, FlatConfig, AblationRunConfig> = {
  section: 'options',
  defaultPreset: 'quick',
  format: 'cpnas-ablation',
  version: 1,
  files: ablationFiles,
  hyperparameters: { table: ablationOptions, presets: ablationPresets },
  withGiven: withGivenFlat,
  check: checkAblationConfig,
  configOf: flatten,
  // Ablations of before compared on test images.
  parse: (base, { vary, seeds, on = 'test', parents, genotype, teacher, teacherHash, search, training }) => {
    if (!isCount(seeds) || typeof parents !== 'boolean') return E.left('does not say how many seeds there are')
    const images = imagesMeasured.find(one => one === on)
    if (images === undefined) return E.left('does not say which images accuracies are compared on')
    if (!isText(teacher) || !isText(teacherHash)) return E.left('does not say whom trainings learn from')
    return pipe(
      E.Do,
      E.bind('varied', () => parseVaries(vary)),
      E.bind('configs', () => parseConfigs(search, training)),
      E.bind('genotype', ({ configs }) =>
        genotype === null ? E.right(null) : parseCells(genotype, spaceOf(configs.training)),
      ),
      E.map(({ varied, genotype, configs }) => ({
        ...base,
        vary: varied.map(formatVary),
        seeds,
        on: images,
        parents,
        genotype,
        teacher,
        teacherHash,
        ...configs,
      })),
    )
  },
  settings: () => ({}),
}

/** The text to compare: the genotype file's, or a placeholder for none. */
export const genotypeText = (genotype: Genotype | null | undefined): string =>
  genotype ? printGenotype(genotype) : 'absent'
