import { stat } from 'node:fs/promises'
import { pathsOf, readRuns, trainingFiles, writerOf } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { command, type ValueOption } from '../command.js'
import { environmentNow } from '../pages/environment.js'
import { scriptPath, watchServer } from '../pages/watch-server.js'
import { textOption } from '../values.js'
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

/** When the files of a run were last replaced, and who is at it. */
const signature = async (directory: string): Promise<string> => {
  const { config, history, journal, genotype, evaluation, best } = pathsOf(trainingFiles, directory)
  const times = [config, history, journal, genotype, evaluation, best].map(path =>
    stat(path).then(
      ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
      () => '',
    ),
  )
  return JSON.stringify([...(await Promise.all(times)), await writerOf(directory)])
}

const signatures = async (directories: readonly string[]): Promise<string> =>
  JSON.stringify(await Promise.all(directories.map(signature)))

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
    const page = pipe(
      readRuns(directories),
      TE.flatMap(runs =>
        TE.fromTask(async () => {
          const { renderReport } = await import('@cpnas/report')
          return renderReport(runs, { environment: environmentNow(), script: scriptPath })
        }),
      ),
    )
    const ready = (url: string): void => {
      io.out(`${url}\n`)
      io.err(`Watching ${directories.join(', ')}. Stop with Ctrl-C.\n`)
    }
    return pipe(
      readRuns(directories),
      TE.flatMap(() =>
        watchServer({ signature: () => signatures(directories), page }, { host, port }, ready, io.signal),
      ),
      TE.map(() => ({ status: 'done' })),
    )
  },
})
