import type { CpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { type Ending, pathsOf, writeFingerprint, writeRunConfig } from '@cpnas/runs'
import { splitsOf } from '@cpnas/search'
import { trainingSplits } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { OpenData } from '../data-source.js'
import type { Io, Outcome } from '../io.js'
import { conclude } from '../runs/execute.js'
import { checkMemory } from '../runs/memory.js'
import type { Plan } from '../runs/plan-run.js'
import { introduction, type Opened, resumeCommand } from '../runs/run-command.js'
import { searchNeed } from '../search/work.js'
import { checkTeaching, type Teacher } from '../training/teacher.js'
import { type AblationRunConfig, ablationFiles, ablationRun } from './ablation-run.js'
import { ablationChart } from './chart.js'
import type { AblationEvent } from './events.js'
import { asFlagsOf, type FlatConfig } from './options.js'
import { isFinished, performPlanned, readAccuracies, type Setting } from './perform.js'
import { resultsCsv, resultsJson, type TrialResult } from './results.js'
import { type AblationPlan, isTaught, type PlannedRun, type planTrials, type Trial } from './runs.js'
import { printAblation } from './summary.js'

interface Task {
  readonly plan: Plan<FlatConfig, AblationRunConfig>
  readonly work: AblationPlan
  readonly planned: ReturnType<typeof planTrials>
  readonly opened: Opened<AblationRunConfig, AblationEvent, Teacher | undefined>
  readonly io: Io
  readonly json: boolean
}

/** InvalidOption if a split of one of the runs is smaller than a batch, or if the teacher is not one for those that are to have it. */
export const checkTrials = (
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
              checkMemory(searchNeed(run.config, train), backend),
              E.flatMap(() => splitsOf(train, run.config)),
              E.mapLeft(asFlagsOf('search')),
            )
          : pipe(
              trainingSplits(train, run.config),
              E.mapLeft(asFlagsOf('train')),
              // A teacher of nobody is checked, and refused, as that of all.
              E.flatMap(() =>
                checkTeaching(
                  run.config,
                  train,
                  isTaught(run) || !runs.some(isTaught) ? teacher : undefined,
                  asFlagsOf('train'),
                ),
              ),
            ),
    ),
  )

/** One run after the other that is not finished yet; false if the signal stopped one. */
const performAll = (setting: Setting, runs: readonly PlannedRun[]): TE.TaskEither<CpnasError, boolean> => {
  const from = (position: number): TE.TaskEither<CpnasError, boolean> => {
    const run = runs[position]
    if (run === undefined) return TE.right(true)
    if (setting.signal.aborted) return TE.right(false)
    return isFinished(setting.directory, run)
      ? from(position + 1)
      : pipe(
          performPlanned(setting, run, position, runs.length),
          TE.flatMap(ending => (ending === undefined ? TE.right(false) : from(position + 1))),
        )
  }
  return from(0)
}

const resultOf =
  (directory: string) =>
  (trial: Trial): TE.TaskEither<CpnasError, TrialResult> =>
    pipe(
      TE.Do,
      TE.bind('child', () => readAccuracies(directory, trial.training)),
      TE.bind('parent', () =>
        trial.parent === undefined ? TE.right(undefined) : readAccuracies(directory, trial.parent),
      ),
      TE.map(({ child, parent }) => ({
        ...trial,
        accuracy: child.best,
        accuracyLast: child.last,
        accuracyParent: parent?.best,
      })),
    )

/** Writes the results of all trials, and gives what they come to. */
const finish = ({
  plan: { directory },
  work: { vary },
  planned: { trials },
}: Task): TE.TaskEither<CpnasError, Ending> => {
  const paths = pathsOf(ablationFiles, directory)
  return pipe(
    trials,
    TE.traverseSeqArray(resultOf(directory)),
    TE.bindTo('results'),
    TE.let('json', ({ results }) => resultsJson(vary, results)),
    TE.tap(({ json }) => writeFileAtomic(paths.json, `${JSON.stringify(json, null, 2)}\n`)),
    TE.tap(({ results }) => writeFileAtomic(paths.csv, resultsCsv(vary, results))),
    TE.bind('chart', ({ results }) => TE.fromTask(() => ablationChart(vary, results))),
    TE.tap(({ chart }) => writeFileAtomic(paths.chart, chart)),
    TE.map(({ json, results }) => ({
      result: { ...json, files: { json: paths.json, csv: paths.csv, chart: paths.chart } },
      text: printAblation(vary, results, directory),
    })),
  )
}

/** All runs of an ablation, and its results. */
export const performAblation = (task: Task): TE.TaskEither<CpnasError, Outcome> => {
  const { plan, work, planned, opened, io, json } = task
  const { data, engine, config, reporter, prepared } = opened
  const { directory, stored } = plan
  const { dataset, data: place, labels, images, imageSize, backend, threads } = config
  const setting: Setting = {
    directory,
    base: {
      dataset,
      data: place,
      labels,
      ...(images === undefined ? {} : { images }),
      ...(imageSize === undefined ? {} : { imageSize }),
      backend,
      threads,
    },
    genotype: work.genotype,
    teaching: prepared && {
      record: { teacher: config.teacher, teacherHash: config.teacherHash },
      model: prepared.model,
    },
    data,
    engine,
    reporter,
    signal: io.signal,
  }
  const done = planned.runs.filter(run => isFinished(directory, run)).length
  return pipe(
    stored === undefined ? writeFingerprint(ablationFiles, directory, data.fingerprint) : TE.right(undefined),
    TE.flatMap(() =>
      stored?.backend === config.backend ? TE.right(undefined) : writeRunConfig(ablationRun, directory, config),
    ),
    TE.tapIO(() => () => {
      if (json) io.out(`${JSON.stringify({ type: 'start', directory, resumed: stored !== undefined, config })}\n`)
      for (const line of introduction(data, engine)) reporter.note(line)
      const continued = stored === undefined ? '' : `continued after ${done} of `
      reporter.note(`Run:    ${directory}, ${continued}${planned.runs.length} searches and trainings`)
    }),
    TE.flatMap(() => performAll(setting, planned.runs)),
    TE.flatMap(finished => (finished ? finish(task) : TE.right(undefined))),
    TE.tapIO(() => reporter.close),
    TE.map(
      conclude(
        {
          directory,
          resumeCommand: resumeCommand(ablationRun, directory),
          saved: { stopped: 'all that is done is saved' },
        },
        io,
        json,
      ),
    ),
  )
}
