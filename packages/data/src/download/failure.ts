import { setTimeout } from 'node:timers/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { codeOf } from '../files.js'

/** An error of one attempt. */
export interface Failure {
  readonly error: CpnasError
  /** Whether a further attempt could succeed. */
  readonly temporary: boolean
}

export const lasting = (error: CpnasError): Failure => ({ error, temporary: false })

const byHand = 'or fetch the file by other means, put it into the directory under its own name and run it again'

export const refused = (url: string, problem: string, remedy: string): CpnasError =>
  cpnasError('DownloadFailed', url, problem, `${remedy}, ${byHand}`)

/** A failure of the connection or the server that may pass. */
export const passing = (url: string, problem: string): Failure => ({
  error: refused(url, problem, 'Check the connection and run it again (what has arrived is kept)'),
  temporary: true,
})

const interrupted = (url: string): Failure =>
  lasting(cpnasError('DownloadFailed', url, 'the download was stopped', 'Run it again: it goes on where it stopped'))

const wordings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refuses the connection',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: "the server's name cannot be resolved",
  EAI_AGAIN: "the server's name cannot be resolved",
  ETIMEDOUT: 'the server does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the server does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'the server does not answer',
  UND_ERR_BODY_TIMEOUT: 'the server has stopped sending',
}

/** What `fetch`, or reading its body, threw. */
export const connectionFailure = (url: string, error: unknown, signal: AbortSignal | undefined): Failure => {
  if (signal?.aborted) return interrupted(url)
  const code = codeOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
  return passing(url, wordings[code] ?? `the connection failed (${code})`)
}

/** Repeats what failed for the time being, up to `retries` times, after `delay`, 2 * `delay`, ... milliseconds. */
export const retrying = <A>(
  action: TE.TaskEither<Failure, A>,
  url: string,
  signal: AbortSignal | undefined,
  retries: number,
  delay: number,
): TE.TaskEither<Failure, A> =>
  pipe(
    action,
    TE.orElse(failure =>
      failure.temporary && retries > 0
        ? pipe(
            TE.tryCatch(
              () => setTimeout(delay, undefined, signal ? { signal } : {}),
              () => interrupted(url),
            ),
            TE.chain(() => retrying(action, url, signal, retries - 1, 2 * delay)),
          )
        : TE.left(failure),
    ),
  )
