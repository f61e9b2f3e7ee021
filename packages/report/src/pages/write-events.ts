import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { pathsOf, type Run, searchFiles } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { eventFile } from '../tensorboard/event-file.js'

/** When the run last made progress, in seconds since 1970; 0 if it never did. */
const lastChange = async (directory: string): Promise<number> =>
  stat(pathsOf(searchFiles, directory).history).then(
    ({ mtimeMs }) => Math.round(mtimeMs) / 1000,
    () => 0,
  )

/** A name that is safe for a directory. */
const directoryName = (name: string): string => name.replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^\.+/, '_')

/** Writes a TensorBoard event file for every run in a directory of its own; an older one is replaced. Returns their paths. */
export const writeEvents = (runs: readonly Run[], directory: string): TE.TaskEither<CpnasError, readonly string[]> =>
  TE.traverseSeqArray((run: Run) => {
    const path = join(directory, directoryName(run.name), 'events.out.tfevents.cpnas')
    return pipe(
      TE.fromTask(async () => eventFile(run, await lastChange(run.directory))),
      TE.flatMap(bytes => writeFileAtomic(path, bytes)),
      TE.map(() => path),
    )
  })(runs)
