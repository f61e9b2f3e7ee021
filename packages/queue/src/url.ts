import { type CpnasError, cpnasError } from '@cpnas/core'
import { type Either, left, right, tryCatch } from 'fp-ts/lib/Either.js'

/** Where a Redis is. */
export interface QueueUrl {
  /** With its password: never to be printed or written into files. */
  readonly secret: string
  /** Without user and password, for people. */
  readonly shown: string
}

const example = 'e.g. redis://localhost:6379, or rediss://:PASSWORD@host:6380 with TLS and a password'

/** The address of a Redis or Valkey: `redis://[[USER]:PASSWORD@]HOST[:PORT][/NUMBER]`, or `rediss://` for TLS. Error InvalidOption. */
export const parseQueueUrl = (text: string): Either<CpnasError, QueueUrl> => {
  const parsed = tryCatch(
    () => new URL(text),
    () => undefined,
  )
  if (parsed._tag === 'Left' || !['redis:', 'rediss:'].includes(parsed.right.protocol) || parsed.right.hostname === '')
    return left(cpnasError('InvalidOption', 'queue', 'is no address of a Redis', `Give one, ${example}`))
  const { protocol, host, pathname } = parsed.right
  if (!/^\/?\d*$/.test(pathname))
    return left(
      cpnasError(
        'InvalidOption',
        'queue',
        'ends with something other than the number of a database',
        `Give one, ${example}`,
      ),
    )
  return right({ secret: text, shown: `${protocol}//${host}${pathname === '/' ? '' : pathname}` })
}
