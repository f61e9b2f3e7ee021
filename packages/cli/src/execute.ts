import type { Backend, CpnasError, ResolvedBackend } from '@cpnas/backends'
import { catalogue, type Dataset, type DatasetName } from '@cpnas/data'
import { networkSpec, runSearch, type SearchResult, type SearchState, sampleCount, samplesOf } from '@cpnas/search'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Io, Outcome } from './io.js'
import { asFlags } from './plan-run.js'
import type { Reporter } from './report/reporter.js'
import { printSummary, summarize } from './report/summary.js'
import { finishRun, pathsOf, type RunConfig, readSnapshot, saveSnapshot, writeRunConfig } from './run-directory.js'

/** A search about to begin or to go on. */
export interface Run {
  readonly directory: string
  readonly config: RunConfig
  /** The configuration as it was written before; undefined if the run is new. */
  readonly stored: RunConfig | undefined
  readonly train: Dataset
  readonly engine: ResolvedBackend
  /** What continues it after a stop. */
  readonly resumeCommand: string
}

const introduction = (
  { directory, config, stored, train, engine }: Run,
  state: SearchState | undefined,
): readonly string[] => [
  `Data:   ${catalogue[train.name as DatasetName].title}, ${config.data ?? 'embedded'}; ${train.count} training images of ${train.height}x${train.width}x${train.channels}`,
  `Engine: ${engine.name}, ${engine.reason}`,
  `Run:    ${directory}, ${stored ? `continued after ${state === undefined ? 0 : samplesOf(state).length} of ${sampleCount(config.search)} samples` : `${sampleCount(config.search)} samples`}`,
]

/** A device that fails takes nothing with it but the sample at hand. */
const resumable = (error: CpnasError, resumeCommand: string): CpnasError =>
  error._tag === 'DeviceFailed'
    ? {
        ...error,
        remedy: `${error.remedy}. All finished samples are saved, and another engine can continue: ${resumeCommand} --backend NAME`,
      }
    : error

/**
 * The search itself: begins or continues the run in its directory, tells of it, and ends with all files written, or
 * stopped by the signal with everything up to the last sample saved.
 */
export const execute = (run: Run, io: Io, reporter: Reporter, json: boolean): TE.TaskEither<CpnasError, Outcome> => {
  const { directory, config, stored, train, engine, resumeCommand } = run
  const resumed = stored !== undefined
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  const tell = (event: object): void => (json ? io.out(`${JSON.stringify(event)}\n`) : undefined)
  const finish = ({ genotype, state }: Extract<SearchResult, { status: 'finished' }>) =>
    pipe(
      finishRun(directory, state, genotype),
      TE.map((): Outcome => {
        reporter.close()
        const summary = summarize(networkSpec(config.search, train), genotype, state, seconds())
        if (json) tell({ type: 'result', ...summary, files: pathsOf(directory) })
        else io.out(printSummary(summary, directory))
        return { status: 'done' }
      }),
    )
  const stop = (): TE.TaskEither<CpnasError, Outcome> => {
    reporter.close()
    tell({ type: 'stopped', directory, resume: resumeCommand })
    io.err(`Stopped; all finished samples are saved. Continue with: ${resumeCommand}\n`)
    return TE.right({ status: 'stopped' })
  }
  return pipe(
    stored?.backend === config.backend ? TE.right(undefined) : writeRunConfig(directory, config),
    TE.flatMap(() => readSnapshot(directory, config)),
    TE.tapIO(snapshot => () => {
      tell({ type: 'start', directory, resumed, config })
      for (const line of introduction(run, snapshot?.state)) reporter.note(line)
    }),
    TE.flatMap(snapshot =>
      // An engine's tensors are its own: the search is generic in them.
      runSearch(engine.backend as Backend<unknown>, train, config.search, {
        ...(snapshot === undefined ? {} : { snapshot }),
        save: snapshot => saveSnapshot(directory, config, snapshot),
        emit: reporter.event,
        signal: io.signal,
      }),
    ),
    TE.mapLeft(error => resumable(asFlags(error), resumeCommand)),
    TE.flatMap(result => (result.status === 'finished' ? finish(result) : stop())),
  )
}
