import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { command, type ValueOption } from '../command.js'
import { textOption } from '../values.js'
import { version } from '../version.js'
import { summaries } from './summaries.js'

const defaults = { port: 4300, host: '127.0.0.1' } as const

const portOption: ValueOption<number> = {
  kind: 'value',
  placeholder: 'n',
  description: 'port; 0 for any free port',
  default: String(defaults.port),
  parse: text => {
    const port = Number(text)
    return /^\d+$/.test(text) && port <= 65535 ? E.right(port) : E.left('an integer from 0 to 65535')
  },
}

/** `cpnas watch`: the report, live. */
export const watchCommand = command({
  name: 'watch',
  summary: summaries.watch,
  details: `Prints the URL of a page that follows the run. The page is served to this machine only, unless --host says otherwise.
Ctrl-C stops the server, not the run.`,
  argument: {
    name: 'run',
    description: 'directory of a search or a training; several are compared',
    variadic: true,
  },
  options: {
    port: portOption,
    host: textOption({ placeholder: 'address', description: 'address to listen on', default: defaults.host }),
  },
  run: ({ port = defaults.port, host = defaults.host }, io, _, directories) => {
    const ready = (url: string): void => {
      io.out(`${url}\n`)
      io.err(`Watching ${directories.join(', ')}. Stop with Ctrl-C.\n`)
    }
    return pipe(
      // Its libraries for plots and graphs take a while to load.
      TE.fromTask(() => import('@cpnas/report')),
      TE.flatMap(({ watchRuns }) =>
        watchRuns(directories, { address: { host, port }, version, ready, signal: io.signal }),
      ),
      TE.map(() => ({ status: 'done' })),
    )
  },
})
