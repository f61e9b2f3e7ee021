import { join } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type FetchOptions, fetchFile } from './fetch-file.js'
import { type DownloadableName, type RemoteFile, type Source, sources } from './sources.js'
import { makeDirectory, md5OfFile, moveFile, remove, sizeOfFile } from './storage.js'
import { unpack } from './unpack.js'

/** From where a data set is fetched, and how. */
export interface DownloadOptions extends FetchOptions {
  /** A mirror's directory. Default: the official one. */
  readonly baseUrl?: string
  /** What is fetched. Default: `sources[name]`. */
  readonly source?: Source
}

const urlOf = (baseUrl: string, file: string): string => `${baseUrl.replace(/\/*$/, '/')}${file}`

/** How to handle a file that is present and valid, and one that was just fetched as `part`. */
interface Uses {
  readonly present: (path: string) => TE.TaskEither<CpnasError, void>
  readonly fetched: (part: string, path: string) => TE.TaskEither<CpnasError, void>
}

const fetchUnlessPresent = (
  { name, md5 }: RemoteFile,
  dir: string,
  url: string,
  options: FetchOptions,
  { present, fetched }: Uses,
): TE.TaskEither<CpnasError, void> => {
  const path = join(dir, name)
  const part = `${path}.part`
  return pipe(
    md5OfFile(path),
    TE.chain(found =>
      found === md5
        ? present(path)
        : pipe(
            fetchFile(url, name, md5, part, options),
            TE.chain(() => fetched(part, path)),
          ),
    ),
  )
}

/** A file goes to its place. */
const toItsPlace: Uses = { present: () => TE.right(undefined), fetched: moveFile }

/** An archive is unpacked and removed; one that was put into `dir` by hand is taken and left there. */
const unpackedInto = (dir: string, members: NonNullable<Source['unpacked']>): Uses => ({
  present: path => unpack(path, dir, members),
  fetched: part =>
    pipe(
      unpack(part, dir, members),
      TE.chain(() => remove(part)),
    ),
})

const allThere = (members: NonNullable<Source['unpacked']>, dir: string) =>
  pipe(
    members,
    TE.traverseSeqArray(({ name, bytes }) =>
      pipe(
        sizeOfFile(join(dir, name)),
        TE.map(size => size === bytes),
      ),
    ),
    TE.map(found => found.every(Boolean)),
  )

/**
 * Gets a data set from its official address into `dir` (made if needed), ready for `openDataset`. Checks the official MD5, unpacks
 * archives, resumes an earlier download, and skips files that are already there. A file appears under its name only when it is complete;
 * until then it is `NAME.part`.
 *
 * Errors: DownloadFailed (no connection, an answer that is not the file, a wrong checksum, `signal`), StorageFailed (a
 * full disk, a directory that cannot be written).
 */
export const download = (
  name: DownloadableName,
  dir: string,
  { source = sources[name], baseUrl = source.baseUrl, ...options }: DownloadOptions = {},
): TE.TaskEither<CpnasError, void> => {
  const { files, unpacked } = source
  const uses = unpacked === undefined ? toItsPlace : unpackedInto(dir, unpacked)
  const get = (file: RemoteFile) => fetchUnlessPresent(file, dir, urlOf(baseUrl, file.name), options, uses)
  return pipe(
    makeDirectory(dir),
    TE.chain(() => (unpacked === undefined ? TE.right(false) : allThere(unpacked, dir))),
    TE.chain(there => (there ? TE.right([]) : TE.traverseSeqArray(get)(files))),
    TE.map(() => undefined),
  )
}
