import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { StoredTensors } from '@cpnas/backends'
import { type CpnasError, printable } from '@cpnas/core'
import type { Dataset } from '@cpnas/data'
import { pathsOf, readFingerprint, type TrainingRunConfig, type TrainingSources, trainingFiles } from '@cpnas/runs'
import { type Genotype, parameterShapes } from '@cpnas/supernet'
import { checkTeacher, type Model, networkKind, type TrainingConfig, trainingSpec } from '@cpnas/training'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { IdentifiedData } from '../data.js'
import type { Plan } from '../plan.js'
import { partitionOf, seenImages } from '../sources/seen-images.js'
import { changed, readTeacher } from '../sources/teacher.js'
import {
  checkClasses,
  type InitialWeights,
  initialWeightsOf,
  readInitialModel,
  readInitialWeights,
  withoutClassifier,
} from '../sources/weights.js'
import { isInZoo } from '../sources/zoo.js'

/** A planned training and what it begins from; paths as they were given. */
export interface TrainingPlan extends Plan<TrainingConfig, TrainingRunConfig> {
  readonly genotype: Genotype
  readonly initFrom: string | undefined
  /** Whether the classifier's weights are not taken over. */
  readonly newClassifier: boolean
  readonly teacher: string | undefined
  readonly saveEvery: number | undefined
}

/** What a training begins from, and what to record about it. */
export interface OpenedSources {
  readonly record: TrainingSources
  readonly initial: StoredTensors | undefined
  readonly teacher: Model | undefined
  /** Lines about sources that were trained on other images than those of the training, or on those that validate it. */
  readonly notes: readonly string[]
}

/** The digest of the images that weights to begin with learned from; undefined where it is not known. */
const digestOf = (source: string): TE.TaskEither<CpnasError, string | undefined> =>
  pipe(
    readInitialModel(source),
    TE.flatMap(model =>
      model === undefined
        ? pipe(
            readFingerprint(source),
            TE.map(found => found?.digest),
          )
        : TE.right(model.trainedOn?.digest),
    ),
    // A training that goes on no longer needs it.
    TE.orElse(() => TE.right<CpnasError, string | undefined>(undefined)),
  )

/** A line about a source of another training's images, or of images that validate this one. */
const noteOn = (
  what: string,
  path: string,
  digest: string | undefined,
  config: TrainingConfig,
  { fingerprint, train }: IdentifiedData,
): TE.TaskEither<CpnasError, readonly string[]> => {
  if (digest === undefined) return TE.right([])
  if (digest !== fingerprint.digest)
    return TE.right([printable(`${what} ${path} learned from other images than these`)])
  return pipe(
    TE.fromTask(partitionOf(path)),
    TE.map(partition => (partition === undefined ? undefined : seenImages(train, partition)(config))),
    TE.map(counts =>
      counts === undefined || counts.seen === 0
        ? []
        : [
            printable(
              `${what} ${path} learned from ${counts.seen} of the ${counts.of} validation images, so their accuracy may be too high; give the seed, the share and the validation share of that run to hold back the same images`,
            ),
          ],
    ),
  )
}

/** Weights and a teacher may come from other images, or from those that are to validate; if so, a line says it. */
const notesOf = (
  { initFrom, teacher: path, config }: TrainingPlan,
  data: IdentifiedData,
  teacher: Model | undefined,
): TE.TaskEither<CpnasError, readonly string[]> =>
  pipe(
    TE.Do,
    TE.bind('begin', () =>
      initFrom === undefined
        ? TE.right([])
        : pipe(
            digestOf(initFrom),
            TE.flatMap(digest => noteOn('Begin: ', initFrom, digest, config, data)),
          ),
    ),
    TE.bind('taught', () =>
      path === undefined ? TE.right([]) : noteOn('Teacher:', path, teacher?.trainedOn?.digest, config, data),
    ),
    TE.map(({ begin, taught }) => [...begin, ...taught]),
  )

/** The weights to begin with; not read once there is a checkpoint. */
const readInitial = (
  { directory, initFrom, newClassifier, stored, config, genotype }: TrainingPlan,
  data: Dataset,
): TE.TaskEither<CpnasError, InitialWeights | undefined> => {
  if (initFrom === undefined) return TE.right(undefined)
  const all = parameterShapes(trainingSpec(config, data), genotype, networkKind(config))
  const shapes = newClassifier ? withoutClassifier(all) : all
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
    TE.flatMap(begun =>
      begun
        ? TE.right(undefined)
        : pipe(
            readInitialModel(initFrom),
            TE.tap(model => (newClassifier ? TE.right(undefined) : checkClasses(initFrom, model, data.classNames))),
            TE.flatMap(model =>
              model === undefined
                ? readInitialWeights(initFrom, config.precision, shapes)
                : TE.fromEither(initialWeightsOf(initFrom, model, shapes)),
            ),
          ),
    ),
    TE.filterOrElse(
      weights => weights === undefined || stored === undefined || weights.hash === stored.initHash,
      () => changed('initFrom', initFrom, 'other weights'),
    ),
  )
}

/** Reads the weights to begin with and the teacher. Error InvalidOption, InvalidCheckpoint, InvalidModel. */
export const readSources = (
  plan: TrainingPlan,
  identified: IdentifiedData,
): TE.TaskEither<CpnasError, OpenedSources> => {
  const { train: data } = identified
  return pipe(
    TE.Do,
    TE.bind('initial', () => readInitial(plan, data)),
    TE.bind('teacher', () => readTeacher(plan.teacher, plan.stored?.teacherHash)),
    TE.chainFirstEitherK(({ teacher }) => checkTeacher(plan.config, data, teacher?.model, plan.genotype)),
    TE.bind('notes', ({ teacher }) => notesOf(plan, identified, teacher?.model)),
    TE.map(({ initial, teacher, notes }) => ({
      record: plan.stored ?? {
        genotype: plan.genotype,
        initFrom: plan.initFrom === undefined ? null : isInZoo(plan.initFrom) ? plan.initFrom : resolve(plan.initFrom),
        initHash: initial?.hash ?? null,
        ...(plan.newClassifier ? { newClassifier: true } : {}),
        teacher: plan.teacher === undefined ? null : resolve(plan.teacher),
        teacherHash: teacher?.hash ?? null,
      },
      initial: initial?.tensors,
      teacher: teacher?.model,
      notes,
    })),
  )
}
