import { type FileHandle, open } from 'node:fs/promises'
import type { CpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { connectionFailure, type Failure, lasting, passing, refused, retrying } from './failure.js'
import { md5OfFile, remove, sizeOfFile, storageError } from './storage.js'

/** How far the download of a file is. */
export interface Progress {
  /** Name of the file on the server. */
  readonly file: string
  /** Bytes of it on the disk, those of an earlier run included. */
  readonly received: number
  /** Bytes in all, if the server says. */
  readonly total: number | undefined
}

/** How a file is fetched. */
export interface FetchOptions {
  /** Called at the start of a file and whenever some of it has arrived. */
  readonly onProgress?: (progress: Progress) => void
  /** Stops the download; what has arrived is kept for the next run. */
  readonly signal?: AbortSignal
  /** Further attempts after a lost connection, a refused one, or an overloaded server (408, 429, 5xx). Default 3. */
  readonly retries?: number
  /** Milliseconds before the first further attempt; doubles with each. Default 1000. */
  readonly retryDelay?: number
}

/** What a response says about where its body belongs in the file. */
type Reply =
  | { readonly _tag: 'Body'; readonly start: number; readonly total: number | undefined }
  | { readonly _tag: 'Complete' }
  | { readonly _tag: 'OtherRange' }

const interpret = (
  url: string,
  { status, statusText, headers }: Response,
  offset: number,
): E.Either<Failure, Reply> => {
  if (status === 200) {
    const length = headers.get('content-length')
    return E.right({ _tag: 'Body', start: 0, total: length === null ? undefined : Number(length) })
  }
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
    if (range === null || Number(range[1]) !== offset) return E.right({ _tag: 'OtherRange' })
    return E.right({ _tag: 'Body', start: offset, total: range[2] === '*' ? undefined : Number(range[2]) })
  }
  if (status === 416 && offset > 0) return E.right({ _tag: 'Complete' })
  const problem = `the server answers ${status} ${statusText}`.trimEnd()
  return E.left(
    status === 408 || status === 429 || status >= 500
      ? passing(url, problem)
      : lasting(refused(url, problem, 'Check the address')),
  )
}

const onDisk = <A>(part: string, action: () => Promise<A>): TE.TaskEither<Failure, A> =>
  TE.tryCatch(action, error => lasting(storageError(part)(error)))

const receive =
  (body: ReadableStream<Uint8Array>, handle: FileHandle, url: string, part: string, signal: AbortSignal | undefined) =>
  (onBytes: (bytes: number) => void): TE.TaskEither<Failure, void> =>
  async () => {
    const reader = body.getReader()
    const next = TE.tryCatch(
      () => reader.read(),
      error => connectionFailure(url, error, signal),
    )
    while (true) {
      const chunk = await next()
      if (E.isLeft(chunk)) return chunk
      const { value, done } = chunk.right
      if (done) return onDisk(part, () => handle.sync())()
      const written = await onDisk(part, () => handle.appendFile(value))()
      if (E.isLeft(written)) {
        await reader.cancel().catch(() => {})
        return written
      }
      onBytes(value.length)
    }
  }

/** One request: appends to `part` what is missing of it, or writes it anew if the server does not know ranges. */
const attempt = (
  url: string,
  file: string,
  part: string,
  { onProgress, signal }: FetchOptions,
): TE.TaskEither<Failure, void> => {
  const write = (body: ReadableStream<Uint8Array>, start: number, total: number | undefined) =>
    TE.bracket(
      onDisk(part, () => open(part, start > 0 ? 'a' : 'w')),
      handle => {
        let received = start
        onProgress?.({ file, received, total })
        return receive(
          body,
          handle,
          url,
          part,
          signal,
        )(bytes => {
          received += bytes
          onProgress?.({ file, received, total })
        })
      },
      handle => onDisk(part, () => handle.close()),
    )
  const handleReply = (reply: Reply, response: Response): TE.TaskEither<Failure, void> => {
    switch (reply._tag) {
      case 'Body':
        return response.body === null
          ? TE.left(passing(url, 'the server sent nothing'))
          : write(response.body, reply.start, reply.total)
      case 'Complete':
        return TE.right(undefined)
      case 'OtherRange':
        return pipe(
          remove(part),
          TE.mapLeft(lasting),
          TE.chain(() => TE.left(passing(url, 'the server sent another part of the file than it was asked for'))),
        )
    }
  }
  return pipe(
    sizeOfFile(part),
    TE.mapLeft(lasting),
    TE.map(size => size ?? 0),
    TE.chain(offset =>
      TE.bracket(
        TE.tryCatch(
          () =>
            fetch(url, {
              headers: { 'accept-encoding': 'identity', ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) },
              signal: signal ?? null,
            }),
          error => connectionFailure(url, error, signal),
        ),
        response =>
          pipe(
            TE.fromEither(interpret(url, response, offset)),
            TE.chain(reply => handleReply(reply, response)),
          ),
        response => TE.fromTask(async () => response.body?.cancel().catch(() => {})),
      ),
    ),
  )
}

const isHttp = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)

/**
 * Fetches `url` to `part` and checks its MD5. A `part` that is there already is taken for the beginning of the file; if
 * the whole then has another checksum, it is discarded and fetched once from the start.
 *
 * Errors: DownloadFailed (the part stays for the next run, except one with a wrong checksum), StorageFailed.
 */
export const fetchFile = (
  url: string,
  file: string,
  md5: string,
  part: string,
  options: FetchOptions = {},
): TE.TaskEither<CpnasError, void> => {
  const { signal, retries = 3, retryDelay = 1000 } = options
  if (!isHttp(url)) return TE.left(refused(url, 'is not an http or https address', 'Correct it'))
  const fetched = pipe(
    retrying(attempt(url, file, part, options), url, signal, retries, retryDelay),
    TE.mapLeft(failure => failure.error),
    TE.chain(() => md5OfFile(part)),
  )
  const reject = (found: string | undefined) => {
    const problem = `its MD5 is ${found} instead of ${md5}: it was damaged on its way, or is another file`
    return pipe(
      remove(part),
      TE.chain(() => TE.left(refused(url, problem, 'Run it again'))),
    )
  }
  const fetchAnew = pipe(
    remove(part),
    TE.chain(() => fetched),
    TE.chain(found => (found === md5 ? TE.right(undefined) : reject(found))),
  )
  return pipe(
    sizeOfFile(part),
    TE.chain(before =>
      pipe(
        fetched,
        TE.chain(found => (found === md5 ? TE.right(undefined) : before === undefined ? reject(found) : fetchAnew)),
      ),
    ),
  )
}
