import { availableBackends } from '@cpnas/backends'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { command } from '../command.js'

/** `cpnas backends`: which engines work here, which not and why, the preferred first. */
export const backendsCommand = command({
  name: 'backends',
  summary: 'Say which engines work on this machine, and why or why not',
  options: { json: { kind: 'flag', description: 'print a JSON list' } },
  run: ({ json = false }, io) =>
    pipe(
      TE.fromTask(availableBackends),
      TE.map(all => {
        const width = Math.max(...all.map(({ name }) => name.length))
        const lines = all.map(
          ({ name, available, reason }) => `${available ? 'yes' : 'no '}  ${name.padEnd(width)}  ${reason}`,
        )
        io.out(json ? `${JSON.stringify(all)}\n` : `${lines.join('\n')}\n`)
        return { status: 'done' }
      }),
    ),
})
