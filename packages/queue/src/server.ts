import { type CpnasError, cpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Redis, RedisOptions } from 'ioredis'
import { type Libraries, loadLibraries } from './libraries.js'
import { parseQueueUrl, type QueueUrl } from './url.js'

/** A Redis that was found to work, and a connection that comes back by itself when it is lost. */
export interface Server {
  readonly url: QueueUrl
  readonly libraries: Libraries
  readonly client: Redis
  /** What may be lost or repeated there. */
  readonly warnings: readonly string[]
  readonly close: () => void
}

/** Milliseconds in which a Redis has to answer. */
const patience = 5000

/** The facts of INFO. */
const factsOf = (info: string): ReadonlyMap<string, string> =>
  new Map(
    info
      .split(/\r?\n/)
      .filter(line => line.includes(':'))
      .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )

const refuse = ({ shown }: QueueUrl, problem: string, remedy: string): CpnasError =>
  cpnasError('InvalidOption', 'queue', `${shown} ${problem}`, remedy)

const start = 'Start one (Debian: apt-get install redis-server), or name another with `queue`'

/** What an error of a connection means. */
const unreachable = (url: QueueUrl, error: unknown): CpnasError => {
  const { message, code } = error as NodeJS.ErrnoException
  if (/WRONGPASS|invalid password|invalid username-password/i.test(message))
    return refuse(url, 'does not take this password', 'Give the right one in the address, as in redis://:PASSWORD@host')
  if (/NOAUTH|NOPERM/.test(message))
    return refuse(url, 'asks for a password', 'Give it in the address, as in redis://:PASSWORD@host')
  if (/Protocol error|wrong version number|SSL|TLS|unexpected/i.test(message))
    return refuse(
      url,
      `does not answer like a Redis (${message})`,
      'Name the port of one; with TLS rediss://, without redis://',
    )
  if (message === 'timeout') return refuse(url, `did not answer within ${patience / 1000} seconds`, start)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return refuse(url, 'is no known host', 'Check its name')
  return refuse(url, `cannot be reached (${code ?? message})`, start)
}

const older = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a < major || (a === major && b < minor)
}

/** Asks a Redis about itself. */
const ask = async (url: QueueUrl, { Redis }: Libraries): Promise<ReadonlyMap<string, string>> => {
  const options: RedisOptions = {
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
    connectTimeout: patience,
  }
  const client = new Redis(url.secret, options)
  let seen: unknown
  client.on('error', error => {
    seen ??= error
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      client.connect().then(async () => factsOf(await client.info())),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('timeout')), patience)
      }),
    ])
  } catch (error) {
    throw seen ?? error
  } finally {
    clearTimeout(timer)
    client.disconnect()
  }
}

/** InvalidOption for a Redis that is too old; else what is to be known about it. */
const judge = (url: QueueUrl, facts: ReadonlyMap<string, string>): E.Either<CpnasError, readonly string[]> => {
  const version = facts.get('redis_version')
  if (version === undefined) return E.left(refuse(url, 'does not say that it is a Redis', 'Name the port of one'))
  if (older(version, [6, 2]))
    return E.left(refuse(url, `is Redis ${version}`, 'Install 6.2 or a later one; Debian 12 has 7'))
  const evicting = facts.get('maxmemory_policy')
  return E.right([
    ...(facts.get('aof_enabled') === '1'
      ? []
      : [
          `${url.shown} does not write every change to its disk: when it is restarted, work is repeated. Set appendonly yes in its redis.conf`,
        ]),
    ...(evicting === undefined || evicting === 'noeviction'
      ? []
      : [
          `${url.shown} forgets work when its memory is full (maxmemory-policy ${evicting}). Set maxmemory-policy noeviction`,
        ]),
  ])
}

/** Connects to the Redis at an address. InvalidOption if there is none, it is too old, or it does not let us in. */
export const openServer = (address: string): TE.TaskEither<CpnasError, Server> =>
  pipe(
    TE.Do,
    TE.bind('url', () => TE.fromEither(parseQueueUrl(address))),
    TE.bind('libraries', () => loadLibraries),
    TE.bind('warnings', ({ url, libraries }) =>
      pipe(
        TE.tryCatch(
          () => ask(url, libraries),
          error => unreachable(url, error),
        ),
        TE.flatMapEither(facts => judge(url, facts)),
      ),
    ),
    TE.map(({ url, libraries, warnings }) => {
      const client = new libraries.Redis(url.secret, { maxRetriesPerRequest: null })
      // A lost connection comes back; `onConnection` tells of it.
      client.on('error', () => {})
      return {
        url,
        libraries,
        client,
        warnings,
        close: () => {
          client.removeAllListeners('close')
          client.disconnect()
        },
      }
    }),
  )

/** Calls `note` when the connection is lost, and when it is back. */
export const onConnection = ({ client, url }: Server, note: (line: string) => void): void => {
  let lost = false
  client.on('close', () => {
    if (!lost) note(`${url.shown} is gone; trying again until it is back`)
    lost = true
  })
  client.on('ready', () => {
    if (lost) note(`${url.shown} is back`)
    lost = false
  })
}
