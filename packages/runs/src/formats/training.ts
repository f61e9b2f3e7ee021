import { type Genotype, type Space, spaceOf, validateGenotype } from '@cpnas/supernet'
import { addedTrainingOptions, parseTrainingConfig, type TrainingConfig, withoutAdded } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { commonFiles, commonSettings, type RunBase } from '../base.js'
import type { RunFormat } from '../directory.js'

/** What a training begins from beside its hyper-parameters. */
export interface TrainingSources {
  readonly genotype: Genotype
  /** The run whose weights it begins with, and the SHA-256 of those weights; null: it begins anew. */
  readonly initFrom: string | null
  readonly initHash: string | null
  /** Whether the classifier's weights were not taken over; absent for no. */
  readonly newClassifier?: true
  /** The trained Parent that it learns from: a file or the directory of a run, and the SHA-256 of that network; null: none. */
  readonly teacher: string | null
  readonly teacherHash: string | null
}

/** The content of a training's config.json. */
export interface TrainingRunConfig extends RunBase, TrainingSources {
  readonly training: TrainingConfig
}

/** The files of a training by what they hold. */
export const trainingFiles = {
  ...commonFiles,
  genotype: 'genotype.json',
  cells: 'cells.svg',
  last: 'model.safetensors',
  best: 'best.safetensors',
  evaluation: 'evaluation.json',
} as const

/** Whether it is a text, or null for none. */
export const isText = (value: unknown): value is string | null => value === null || typeof value === 'string'

/** The cells of a config.json, which has them without what else a genotype file holds. */
export const parseCells = (value: unknown, { name, nodes }: Space): E.Either<string, Genotype> =>
  pipe(
    validateGenotype({ ...(value as object), space: name, nodes }, '"genotype"'),
    E.bimap(
      ({ where, problem }) => `${where} ${problem}`,
      ({ genotype }) => genotype,
    ),
  )

/** The directory of a training. */
export const trainingFormat: RunFormat<TrainingRunConfig> & { readonly files: typeof trainingFiles } = {
  format: 'cpnas-training',
  version: 1,
  files: trainingFiles,
  parse: (base, { genotype, training, initFrom, initHash, newClassifier, teacher, teacherHash }) =>
    !isText(initFrom) || !isText(initHash) || !isText(teacher) || !isText(teacherHash)
      ? E.left('does not say what it begins from')
      : pipe(
          E.Do,
          E.bind('training', () =>
            pipe(
              parseTrainingConfig(training),
              E.mapLeft(({ where, problem }) => `"training.${where}" ${problem}`),
            ),
          ),
          E.bind('genotype', ({ training }) => parseCells(genotype, spaceOf(training))),
          E.map(own => ({
            ...base,
            ...own,
            initFrom,
            initHash,
            ...(newClassifier === true ? { newClassifier } : {}),
            teacher,
            teacherHash,
          })),
        ),
  // The paths of the weights and the teacher may change.
  settings: ({ genotype, initHash, teacherHash, training, ...run }) => ({
    ...commonSettings(run),
    genotype,
    initFrom: initHash,
    teacher: teacherHash,
    ...withoutAdded(training, addedTrainingOptions),
  }),
}
