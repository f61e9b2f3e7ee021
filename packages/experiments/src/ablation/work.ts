import { join, resolve } from 'node:path'
import { type CpnasError, cpnasError, printable } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { openSplits } from '@cpnas/data'
import type { Giver } from '@cpnas/queue'
import { baseOf, pathsOf, type WorkedBy, writeFingerprint, writeRunConfig } from '@cpnas/runs'
import { needsCost } from '@cpnas/search'
import { checkTeacher } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OpenData } from '../data.js'
import {
  beginPlanned,
  type ImagesMeasured,
  type InnerEvent,
  isFinished,
  isTaught,
  type PlannedRun,
  performPlanned,
  readAccuracies,
  type Setting,
} from '../inner-runs.js'
import { checkMemory } from '../memory.js'
import { type Opened, openRun, type Telling } from '../open-run.js'
import type { Plan } from '../plan.js'
import { searchNeed } from '../search/work.js'
import { partitionOf, seenImages } from '../sources/seen-images.js'
import { readTeacher, type Teacher } from '../sources/teacher.js'
import { allOrFirstError } from '../work/all-or-first-error.js'
import { giveInnerRun, innerRunTask } from '../work/inner-run.js'
import { withWorkers } from '../work/with-workers.js'
import { ablationChart } from './chart.js'
import { type AblationRunConfig, ablationFiles, ablationRun } from './kind.js'
import { type FlatConfig, renamedOf } from './options.js'
import { resultsCsv, resultsJson, type TrialResult } from './results.js'
import { type AblationWork, planTrials, type Trial } from './trials.js'
import { formatVary } from './vary.js'

/** A planned ablation. */
export interface AblationPlan extends Plan<FlatConfig, AblationRunConfig> {
  readonly work: AblationWork
}

/** Everything that an ablation has opened when it begins. */
export type OpenedAblation = Opened<AblationRunConfig, Teacher | undefined>

/** The result of a finished ablation. */
export interface AblationOutcome {
  /** The content of ablation.json. */
  readonly record: object
  readonly results: readonly TrialResult[]
  readonly files: Readonly<Record<'json' | 'csv' | 'chart', string>>
}

/** What happens in an ablation. */
export type AblationEvent =
  | InnerEvent
  /** A worker of a queue has finished one of the runs. */
  | { readonly type: 'given'; readonly fraction: number; readonly run: string; readonly by: WorkedBy }

/** The setting of its runs, which can say more. */
interface AblationSetting extends Setting {
  readonly emit: (event: AblationEvent) => void
}

/** InvalidOption if a split of one of the runs is smaller than a batch, if there are no images to compare on, or if the teacher is not one for those that are to have it. */
const checkTrials = (
  { on }: Pick<AblationWork, 'on'>,
  runs: readonly PlannedRun[],
  { train }: OpenData,
  teacher: Teacher | undefined,
  backend: string,
): E.Either<CpnasError, unknown> =>
  pipe(
    runs,
    E.traverseArray(
      (run): E.Either<CpnasError, unknown> =>
        run.kind === 'search'
          ? pipe(
              needsCost(run.config)
                ? E.left(
                    cpnasError(
                      'InvalidOption',
                      'strategy',
                      'with two goals, or a target, is for `cpnas search`: a search within another run does not time networks',
                      'Leave it out, or search first and give the result with `genotype`',
                    ),
                  )
                : E.right(undefined),
              E.flatMap(() => checkMemory(searchNeed(run.config, train), backend)),
              E.flatMap(() => openSplits(train, run.config, 'batches')),
              E.mapLeft(renamedOf('search')),
            )
          : pipe(
              on === 'validation' && run.config.validationShare === 0
                ? E.left(
                    cpnasError(
                      'InvalidOption',
                      'on',
                      'is validation, but there are no validation images',
                      'Give a validationShare above 0',
                    ),
                  )
                : E.right(undefined),
              E.flatMap(() => openSplits(train, run.config)),
              // A teacher that no training uses is checked, and rejected, as if all did.
              E.flatMap(() =>
                checkTeacher(run.config, train, isTaught(run) || !runs.some(isTaught) ? teacher?.model : undefined),
              ),
              E.mapLeft(renamedOf('train')),
            ),
    ),
  )

/** Performs the unfinished runs one after the other; false if the signal stopped one. */
const performAll = (setting: Setting, runs: readonly PlannedRun[]): TE.TaskEither<CpnasError, boolean> => {
  const from = (position: number): TE.TaskEither<CpnasError, boolean> => {
    const run = runs[position]
    if (run === undefined) return TE.right(true)
    if (setting.signal.aborted) return TE.right(false)
    return isFinished(setting.directory, run)
      ? from(position + 1)
      : pipe(
          performPlanned(setting, run, position, runs.length),
          TE.flatMap(finished => (finished ? from(position + 1) : TE.right(false))),
        )
  }
  return from(0)
}

/**
 * Gives the unfinished runs to the workers of a queue, each as soon as the search that it needs is finished; false if the signal stopped it.
 */
const giveAll = (
  setting: AblationSetting,
  runs: readonly PlannedRun[],
  giver: Giver,
): TE.TaskEither<CpnasError, boolean> => {
  const { directory, emit } = setting
  let finished = runs.filter(run => isFinished(directory, run)).length
  const given = new Map<string, TE.TaskEither<CpnasError, boolean>>()
  const giveOne = (run: PlannedRun): TE.TaskEither<CpnasError, boolean> => {
    const at = join(directory, run.name)
    const needed = run.kind === 'training' && run.search !== undefined ? given.get(run.search)! : TE.right(true)
    const own = pipe(
      beginPlanned(setting, run),
      TE.flatMap(({ config, teacher }) => giveInnerRun(giver, innerRunTask(run, config, teacher), run.kind, at)),
      TE.tapIO(by => () => {
        if (by === undefined) return
        finished += 1
        emit({ type: 'given', fraction: finished / runs.length, run: run.name, by })
      }),
      TE.map(by => by !== undefined),
    )
    return pipe(
      needed,
      TE.flatMap(ready => (!ready ? TE.right(false) : isFinished(directory, run) ? TE.right(true) : own)),
    )
  }
  for (const run of runs) {
    // Each is begun once, whoever waits for it.
    let promise: ReturnType<TE.TaskEither<CpnasError, boolean>> | undefined
    const one = giveOne(run)
    given.set(run.name, () => {
      promise ??= one()
      return promise
    })
  }
  return pipe(
    allOrFirstError([...given.values()]),
    TE.map(results => results.every(done => done)),
  )
}

const resultOf =
  (directory: string, on: ImagesMeasured) =>
  (trial: Trial): TE.TaskEither<CpnasError, TrialResult> =>
    pipe(
      TE.Do,
      TE.bind('child', () => readAccuracies(directory, trial.training, on)),
      TE.bind('parent', () =>
        trial.parent === undefined ? TE.right(undefined) : readAccuracies(directory, trial.parent, on),
      ),
      TE.map(({ child, parent }) => ({
        ...trial,
        accuracy: child.best,
        accuracyLast: child.last,
        accuracyParent: parent?.best,
      })),
    )

/** Writes the results of all trials and returns them. */
const finish = (
  directory: string,
  { vary, on }: Pick<AblationWork, 'vary' | 'on'>,
  trials: readonly Trial[],
): TE.TaskEither<CpnasError, AblationOutcome> => {
  const { json, csv, chart } = pathsOf(ablationFiles, directory)
  return pipe(
    trials,
    TE.traverseSeqArray(resultOf(directory, on)),
    TE.bindTo('results'),
    TE.let('record', ({ results }) => resultsJson(vary, on, results)),
    TE.tap(({ record }) => writeFileAtomic(json, `${JSON.stringify(record, null, 2)}\n`)),
    TE.tap(({ results }) => writeFileAtomic(csv, resultsCsv(vary, results))),
    TE.bind('picture', ({ results }) => TE.fromTask(() => ablationChart(vary, on, results))),
    TE.tap(({ picture }) => writeFileAtomic(chart, picture)),
    TE.map(({ record, results }) => ({ record, results, files: { json, csv, chart } })),
  )
}

/** A line about a teacher that has learned from images that trainings are compared on. */
const notesOf = ({ config, data, prepared }: OpenedAblation, runs: readonly PlannedRun[]): T.Task<readonly string[]> =>
  config.on === 'test' || config.teacher === null || prepared?.model.trainedOn?.digest !== data.fingerprint.digest
    ? T.of([])
    : pipe(
        partitionOf(config.teacher),
        T.map(partition => {
          if (partition === undefined) return []
          const seenBy = seenImages(data.train, partition)
          return runs.some(run => isTaught(run) && seenBy(run.config).seen > 0)
            ? [
                printable(
                  `Teacher: ${config.teacher} learned from validation images of these trainings, so their accuracy may be too high; compare on test images, which it has not seen`,
                ),
              ]
            : []
        }),
      )

const performOpened = (
  { directory, stored, work }: AblationPlan,
  opened: OpenedAblation,
  { begun, emit = () => {}, note = () => {}, signal }: Telling<OpenedAblation, number, AblationEvent>,
  giver: Giver | undefined,
  lines: readonly string[],
): TE.TaskEither<CpnasError, AblationOutcome | undefined> => {
  const { data, engine, config, prepared } = opened
  const { runs, trials } = planTrials(work)
  const setting: AblationSetting = {
    directory,
    base: baseOf(config),
    genotype: work.genotype,
    teaching: prepared && {
      record: { teacher: config.teacher, teacherHash: config.teacherHash },
      model: prepared.model,
    },
    data,
    engine,
    emit,
    note,
    signal,
  }
  return pipe(
    stored === undefined ? writeFingerprint(ablationFiles, directory, data.fingerprint) : TE.right(undefined),
    TE.flatMap(() =>
      stored?.backend === config.backend ? TE.right(undefined) : writeRunConfig(ablationRun, directory, config),
    ),
    TE.flatMap(() => TE.fromTask(notesOf(opened, runs))),
    TE.tapIO(notes => () => {
      begun?.(opened, stored === undefined ? undefined : runs.filter(run => isFinished(directory, run)).length)
      for (const line of [...notes, ...lines]) note(line)
    }),
    TE.flatMap(() => (giver === undefined ? performAll(setting, runs) : giveAll(setting, runs, giver))),
    TE.flatMap(finished => (finished ? finish(directory, work, trials) : TE.right(undefined))),
  )
}

/**
 * Performs all runs of a planned ablation and writes its results; undefined if the signal stopped it, with all finished work saved. The
 * state passed to `begun` is the number of finished runs. InvalidOption: a run that cannot be, a teacher that does not fit.
 */
export const performAblation = (
  plan: AblationPlan,
  telling: Telling<OpenedAblation, number, AblationEvent>,
): TE.TaskEither<CpnasError, AblationOutcome | undefined> => {
  const { stored, work, backend } = plan
  const { vary, seeds, on, parents, genotype, teacher } = work
  return openRun(plan, telling, {
    prepare: data =>
      pipe(
        readTeacher(teacher ?? stored?.teacher ?? undefined, stored?.teacherHash),
        TE.chainFirstEitherK(found => checkTrials(work, planTrials(work).runs, data, found, backend)),
      ),
    complete: (base, found) => ({
      ...base,
      vary: vary.map(formatVary),
      seeds,
      on,
      parents,
      genotype: genotype ?? null,
      teacher: teacher === undefined ? null : resolve(teacher),
      teacherHash: found?.hash ?? null,
      ...work.config,
    }),
    use: opened =>
      withWorkers({ ...opened, directory: plan.directory }, telling, (giver, lines) =>
        performOpened(plan, opened, telling, giver, lines),
      ),
  })
}
