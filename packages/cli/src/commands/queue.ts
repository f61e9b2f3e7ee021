import { queueStatus } from '@cpnas/queue'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandGroup, command } from '../command.js'
import { layOut } from '../report/layout.js'
import { printQueueStatus } from '../report/worker-words.js'
import { summaries } from './summaries.js'

const status = command({
  name: 'status',
  summary: 'Say which runs give work out, which workers there are, what each does and how fast',
  argument: { name: 'url', description: 'address of the Redis, e.g. redis://localhost:6379' },
  options: { json: { kind: 'flag', description: 'print JSON' } },
  run: ({ json = false }, io, address) =>
    pipe(
      queueStatus(address),
      TE.map(found => {
        io.out(json ? `${JSON.stringify(found)}\n` : layOut(printQueueStatus(found), io))
        return { status: 'done' as const }
      }),
    ),
})

/** `cpnas queue`. */
export const queueCommands: CommandGroup = { name: 'queue', summary: summaries.queue, commands: [status] }
