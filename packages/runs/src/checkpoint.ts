import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { StoredTensors } from '@cpnas/backends'
import { type CpnasError, cpnasError, decodeText, isRecord } from '@cpnas/core'
import { storageFailed, writeFileAtomic } from '@cpnas/core/files'
import { decodeSafetensors, encodeSafetensors } from '@cpnas/model'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const format = 'cpnas-checkpoint'
const version = 1

/** Options by name. Two runs are the same run when all of these are equal. */
export type Settings = Readonly<Record<string, unknown>>

/** A saved run: its settings, state and tensors. */
export interface Checkpoint<S> {
  /** The run's settings, which must be unchanged on resuming. */
  readonly settings: Settings
  /** A plain value, safe to print as JSON. */
  readonly state: S
  readonly tensors: StoredTensors
}

interface Content<S> {
  readonly settings: Settings
  readonly state: S
  readonly tensors: { readonly file: string; readonly bytes: number; readonly sha256: string }
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** `run/checkpoint.json` keeps its tensors in `run/checkpoint-HASH.safetensors`. */
const stem = (path: string): string => basename(path, '.json')
const tensorFile = (path: string, hash: string): string => `${stem(path)}-${hash.slice(0, 16)}.safetensors`
/** Tensors of a checkpoint of `path`, or what a killed writer left of one. */
const isPartOf = (path: string, file: string): boolean =>
  file.startsWith(stem(path)) &&
  /^(-[0-9a-f]{16}\.safetensors(\.[0-9a-f]{12}\.tmp)?|\.json\.[0-9a-f]{12}\.tmp)$/.test(file.slice(stem(path).length))

/**
 * Writes a checkpoint as a pair of files: tensors, under a name made of their hash, then the JSON at `path`, which names
 * them and is the commit: until it is in place the old pair is valid, from then on the new one, even through a power cut.
 * Then tensor files of older checkpoints of `path` are removed. StorageFailed leaves the old checkpoint valid.
 */
export const writeCheckpoint = <S>(path: string, checkpoint: Checkpoint<S>): TE.TaskEither<CpnasError, void> => {
  const encoded = encodeSafetensors(checkpoint.tensors)
  const hash = sha256(encoded)
  const file = tensorFile(path, hash)
  const content: Content<S> = {
    settings: checkpoint.settings,
    state: checkpoint.state,
    tensors: { file, bytes: encoded.length, sha256: hash },
  }
  const json = JSON.stringify({ format, version, sha256: sha256(JSON.stringify(content)), content })
  return pipe(
    writeFileAtomic(join(dirname(path), file), encoded),
    TE.flatMap(() => writeFileAtomic(path, json)),
    TE.flatMap(() => removeOtherTensors(path, file)),
  )
}

const removeOtherTensors = (path: string, keep: string): TE.TaskEither<CpnasError, void> =>
  TE.tryCatch(
    async () => {
      const files = await readdir(dirname(path))
      await Promise.all(
        files.filter(f => f !== keep && isPartOf(path, f)).map(f => rm(join(dirname(path), f), { force: true })),
      )
    },
    error => storageFailed(dirname(path), error),
  )

/**
 * Reads what `writeCheckpoint` wrote. With `expected` settings, those of the checkpoint must be the same. InvalidCheckpoint if a file is
 * missing or damaged (every byte is covered by a hash), of another format version, or of a run with other settings (which it names).
 * `state` is not checked to be an S: it is returned as it was written.
 */
export const readCheckpoint = <S>(path: string, expected?: Settings): TE.TaskEither<CpnasError, Checkpoint<S>> =>
  pipe(
    readBytes(path, 'Give the directory of a run that has saved a checkpoint'),
    TE.flatMapEither(bytes => parseContent<S>(path, decodeText(bytes))),
    TE.chainFirstEitherK(({ settings }) => (expected ? sameSettings(path, settings, expected) : E.right(undefined))),
    TE.flatMap(({ settings, state, tensors }) => {
      const tensorPath = join(dirname(path), tensors.file)
      return pipe(
        readBytes(tensorPath, startAnew),
        TE.flatMapEither(bytes => parseTensors(tensorPath, bytes, tensors.sha256)),
        TE.map(tensors => ({ settings, state, tensors })),
      )
    }),
  )

const startAnew = 'Restore the file from a copy, or start a new run'

const invalid = (path: string, problem: string, remedy = startAnew): CpnasError =>
  cpnasError('InvalidCheckpoint', path, problem, remedy)

const readBytes = (path: string, remedyIfMissing: string): TE.TaskEither<CpnasError, Buffer> =>
  TE.tryCatch(
    () => readFile(path),
    error => {
      const { code, message } = error as NodeJS.ErrnoException
      return code === 'ENOENT' || code === 'ENOTDIR'
        ? invalid(path, 'is missing', remedyIfMissing)
        : invalid(path, `cannot be read (${message})`, 'Make the file readable')
    },
  )

const parseContent = <S>(path: string, text: string): E.Either<CpnasError, Content<S>> =>
  pipe(
    E.tryCatch(
      (): unknown => JSON.parse(text),
      () => invalid(path, 'is damaged: not JSON'),
    ),
    E.flatMap(value => {
      if (!isRecord(value) || value.format !== format) return E.left(invalid(path, 'is not a cpnas checkpoint'))
      if (value.version !== version)
        return E.left(
          invalid(
            path,
            `has format version ${JSON.stringify(value.version)}, this program reads ${version}`,
            'Resume with the version of cpnas that wrote it, or start a new run',
          ),
        )
      return isRecord(value.content) && sha256(JSON.stringify(value.content)) === value.sha256
        ? E.right(value.content as unknown as Content<S>)
        : E.left(invalid(path, 'is damaged: its content does not have the hash it names'))
    }),
  )

const parseTensors = (path: string, bytes: Buffer, hash: string): E.Either<CpnasError, StoredTensors> =>
  sha256(bytes) === hash
    ? pipe(
        decodeSafetensors(bytes),
        E.mapLeft(problem => invalid(path, problem)),
      )
    : E.left(invalid(path, 'is damaged: it does not have the hash that its checkpoint names'))

const sameSettings = (path: string, found: Settings, expected: Settings): E.Either<CpnasError, void> => {
  const text = (value: unknown): string => JSON.stringify(value) ?? 'absent'
  const names = [...new Set([...Object.keys(found), ...Object.keys(expected)])]
  const differing = names.filter(name => text(found[name]) !== text(expected[name]))
  return differing.length === 0
    ? E.right(undefined)
    : E.left(
        invalid(
          path,
          `is of a run with other settings: ${differing.map(n => `${n} ${text(found[n])} instead of ${text(expected[n])}`).join(', ')}`,
          'Resume with the settings of that run, or start a new run in another directory',
        ),
      )
}
