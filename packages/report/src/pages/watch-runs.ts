import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import { pathsOf, readRuns, trainingFiles, workersFile, writerOf } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { renderReport } from '../render-report.js'
import { environmentNow } from './environment.js'
import { type Address, scriptPath, watchServer } from './watch-server.js'

/** Changes when the files of a run were replaced or another process works on it. */
const signature = async (directory: string): Promise<string> => {
  const { config, history, journal, genotype, evaluation, best } = pathsOf(trainingFiles, directory)
  const times = [config, history, journal, genotype, evaluation, best, join(directory, workersFile)].map(path =>
    stat(path).then(
      ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
      () => '',
    ),
  )
  return JSON.stringify([...(await Promise.all(times)), await writerOf(directory)])
}

const signatures = async (directories: readonly string[]): Promise<string> =>
  JSON.stringify(await Promise.all(directories.map(signature)))

/** Where a live page is served, and until when. */
export interface WatchOptions {
  readonly address: Address
  /** Of cpnas, for the page. */
  readonly version: string
  /** Called with the URL. */
  readonly ready: (url: string) => void
  /** Ends the serving. */
  readonly signal: AbortSignal
}

/**
 * Serves the report of some runs, which follows them while they go on. InvalidOption: the port is in use, or the host is not one of this
 * machine's; InvalidCheckpoint: a directory holds no run.
 */
export const watchRuns = (
  directories: readonly string[],
  { address, version, ready, signal }: WatchOptions,
): TE.TaskEither<CpnasError, void> => {
  const page = pipe(
    readRuns(directories),
    TE.flatMap(runs =>
      TE.fromTask(() => renderReport(runs, { environment: environmentNow(version), script: scriptPath })),
    ),
  )
  return pipe(
    readRuns(directories),
    TE.flatMap(() => watchServer({ signature: () => signatures(directories), page }, address, ready, signal)),
  )
}
