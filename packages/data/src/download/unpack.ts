import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { codeOf } from '../files.js'
import { makeDirectory, moveFile, remove, sizeOfFile, storageError } from './storage.js'

const unpackError =
  (archive: string) =>
  (error: unknown): CpnasError =>
    /^E[A-Z]+$/.test(codeOf(error))
      ? storageError(archive)(error)
      : cpnasError(
          'DownloadFailed',
          archive,
          `cannot be unpacked (${error instanceof Error ? error.message : String(error)})`,
          'Delete it and run it again',
        )

/** Regular files only, owned by the current user. Rejects at the first thing that could not be unpacked. */
const extractFiles = async (archive: string, to: string): Promise<void> => {
  const { extract } = await import('tar')
  const problems: Error[] = []
  await extract({
    file: archive,
    cwd: to,
    strip: 1,
    preserveOwner: false,
    filter: (_path, entry) => 'type' in entry && entry.type === 'File',
    onwarn: (code, message, data) => {
      if (code !== 'TAR_ENTRY_INFO') problems.push(data instanceof Error ? data : new Error(String(message)))
    },
  })
  if (problems[0] !== undefined) throw problems[0]
}

/**
 * Unpacks the files of a .tar.gz, without their folder, into `dir`. They are unpacked beside their places first and
 * renamed when all of them are there, so that `dir` never holds a file that is not whole.
 *
 * Errors: DownloadFailed (the archive is damaged, or `expected` is not in it), StorageFailed.
 */
export const unpack = (
  archive: string,
  dir: string,
  expected: readonly { readonly name: string; readonly bytes: number }[],
): TE.TaskEither<CpnasError, void> => {
  const staging = join(dir, '.unpacking.part')
  const checkMember = ({ name, bytes }: { name: string; bytes: number }) =>
    pipe(
      sizeOfFile(join(staging, name)),
      TE.chain(size =>
        size === bytes
          ? TE.right(undefined)
          : TE.left(
              cpnasError(
                'DownloadFailed',
                archive,
                size === undefined ? `does not hold ${name}` : `its ${name} has ${size} bytes instead of ${bytes}`,
                'Delete it and run it again',
              ),
            ),
      ),
    )
  const unpackAll = pipe(
    remove(staging),
    TE.chain(() => makeDirectory(staging)),
    TE.chain(() => TE.tryCatch(() => extractFiles(archive, staging), unpackError(archive))),
    TE.chain(() => TE.traverseSeqArray(checkMember)(expected)),
    TE.chain(() => TE.tryCatch(() => readdir(staging, { withFileTypes: true }), storageError(staging))),
    TE.chain(entries =>
      TE.traverseSeqArray((name: string) => moveFile(join(staging, name), join(dir, name)))(
        entries.filter(entry => entry.isFile()).map(entry => entry.name),
      ),
    ),
  )
  return async () => {
    const result = await unpackAll()
    await remove(staging)()
    return pipe(
      TE.fromEither(result),
      TE.map(() => undefined),
    )()
  }
}
