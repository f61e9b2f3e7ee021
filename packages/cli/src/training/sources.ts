import { createHash } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/backends'
import type { Dataset } from '@cpnas/data'
import { encodeModel, type Model, readModel } from '@cpnas/model'
import { checkTeacher, networkKind, type TrainingConfig, trainingSpec } from '@cpnas/recipes'
import { type Genotype, parameterShapes } from '@cpnas/supernet'
import type { StoredTensors } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { isDirectory } from '../genotype-source.js'
import type { Plan } from '../runs/plan-run.js'
import { pathsOf } from '../runs/run-directory.js'
import { type TrainingRunConfig, type TrainingSources, trainingFiles, trainingRun } from '../runs/training-run.js'
import { type InitialWeights, readInitialWeights } from './initial-weights.js'

/** A training to be, and what it begins from: paths as they were given. */
export interface TrainingPlan extends Plan<TrainingConfig, TrainingRunConfig> {
  readonly genotype: Genotype
  readonly initFrom: string | undefined
  readonly teacher: string | undefined
  readonly saveEvery: number | undefined
}

/** What a training begins from, read, and what is to be written down of it. */
export interface OpenedSources {
  readonly record: TrainingSources
  readonly initial: StoredTensors | undefined
  readonly teacher: Model | undefined
}

const changed = (flag: string, path: string, what: string): CpnasError =>
  cpnasError(
    'InvalidOption',
    flag,
    `${path} holds ${what} than the run was begun with`,
    'Name where those lie, or begin another run in another directory',
  )

/** The weights to begin with: of no interest any more once a checkpoint is there. */
const readInitial = (
  { directory, initFrom, stored, config, genotype }: TrainingPlan,
  data: Dataset,
): TE.TaskEither<CpnasError, InitialWeights | undefined> => {
  if (initFrom === undefined) return TE.right(undefined)
  const shapes = parameterShapes(trainingSpec(config, data), genotype, networkKind(config))
  const begun =
    stored === undefined
      ? TE.right(false)
      : TE.fromTask(() =>
          access(pathsOf(trainingFiles, directory).checkpoint).then(
            () => true,
            () => false,
          ),
        )
  return pipe(
    begun,
    TE.flatMap(begun => (begun ? TE.right(undefined) : readInitialWeights(initFrom, config.precision, shapes))),
    TE.filterOrElse(
      weights => weights === undefined || stored === undefined || weights.hash === stored.initHash,
      () => changed('--init-from', initFrom, 'other weights'),
    ),
  )
}

const hashOf = (model: Model): string => createHash('sha256').update(encodeModel(model)).digest('hex')

/** InvalidOption if there is a teacher and no weight of what it says, or the other way round, or if it knows other images. */
const checkTeaching =
  ({ config }: TrainingPlan, data: Dataset) =>
  (model: Model | undefined): E.Either<CpnasError, Model | undefined> =>
    pipe(
      checkTeacher(config, data, model),
      E.mapLeft(trainingRun.hyperparameters.asFlags),
      E.mapLeft(error => (error.where === 'teacher' ? { ...error, where: '--teacher' } : error)),
    )

const readTeacher = (plan: TrainingPlan, data: Dataset): TE.TaskEither<CpnasError, Model | undefined> => {
  const { teacher, stored } = plan
  const model: TE.TaskEither<CpnasError, Model | undefined> =
    teacher === undefined
      ? TE.right(undefined)
      : pipe(
          TE.fromTask(() => isDirectory(teacher)),
          TE.flatMap(directory => readModel(directory ? join(teacher, trainingFiles.best) : teacher)),
          TE.filterOrElse(
            model => stored === undefined || hashOf(model) === stored.teacherHash,
            () => changed('--teacher', teacher, 'another network'),
          ),
        )
  return pipe(model, TE.flatMapEither(checkTeaching(plan, data)))
}

/** Reads the weights to begin with and the teacher. Error InvalidOption, InvalidCheckpoint, InvalidModel. */
export const readSources = (plan: TrainingPlan, data: Dataset): TE.TaskEither<CpnasError, OpenedSources> =>
  pipe(
    TE.Do,
    TE.bind('initial', () => readInitial(plan, data)),
    TE.bind('teacher', () => readTeacher(plan, data)),
    TE.map(({ initial, teacher }) => ({
      record: plan.stored ?? {
        genotype: plan.genotype,
        initFrom: plan.initFrom === undefined ? null : resolve(plan.initFrom),
        initHash: initial?.hash ?? null,
        teacher: plan.teacher === undefined ? null : resolve(plan.teacher),
        teacherHash: teacher === undefined ? null : hashOf(teacher),
      },
      initial: initial?.tensors,
      teacher,
    })),
  )
