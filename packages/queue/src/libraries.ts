import { type CpnasError, cpnasError } from '@cpnas/core'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** BullMQ and its client of Redis. They are optional: most people have one machine. */
export interface Libraries {
  readonly bullmq: typeof import('bullmq')
  readonly Redis: typeof import('ioredis').Redis
}

/** InvalidOption if they are not installed. */
export const loadLibraries: TE.TaskEither<CpnasError, Libraries> = TE.tryCatch(
  async () => {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')])
    return { bullmq, Redis }
  },
  error =>
    cpnasError(
      'InvalidOption',
      'queue',
      `needs BullMQ and ioredis, and they cannot be loaded (${(error as Error).message.split('\n')[0]})`,
      'Install them beside cpnas: npm install bullmq ioredis',
    ),
)
