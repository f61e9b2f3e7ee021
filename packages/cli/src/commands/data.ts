import { type CpnasError, cpnasError, printable } from '@cpnas/core'
import { catalogue, type Dataset, type DownloadableName, download, type Progress, sources } from '@cpnas/data'
import { openData } from '@cpnas/experiments'
import { SingleBar } from 'cli-progress'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandGroup, command } from '../command.js'
import { dataOptions, foundLines, sourceText } from '../data-source.js'
import type { Io, Outcome } from '../io.js'
import { shellWord } from '../report/amounts.js'
import { layOut } from '../report/layout.js'
import { textOption } from '../values.js'
import { summaries } from './summaries.js'

const downloadable = Object.keys(sources) as DownloadableName[]

/** Files as they arrive: a bar on a terminal, else a line a file. */
const downloadReporter = (io: Io): { readonly update: (progress: Progress) => void; readonly close: () => void } => {
  const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10
  let current = ''
  const bar =
    io.terminal &&
    new SingleBar({ stream: io.terminal, format: '{file} {bar} {value}/{total} MB', barsize: 24, gracefulExit: false })
  return {
    update: ({ file, received, total }) => {
      if (file !== current) {
        if (current !== '') bar?.stop()
        current = file
        if (bar) bar.start(megabytes(total ?? 0), megabytes(received), { file })
        else io.err(`${file}${total === undefined ? '' : `, ${megabytes(total)} MB`}\n`)
      }
      bar?.update(megabytes(received), { file })
    },
    close: () => bar?.stop(),
  }
}

const get = command({
  name: 'get',
  summary: 'Download a data set from its official address, resume, and verify its checksum',
  argument: { name: 'name', description: downloadable.join(', ') },
  options: {
    dir: textOption({ placeholder: 'dir', description: 'directory to put it in', default: './data/NAME' }),
    mirror: textOption({
      placeholder: 'url',
      description: 'directory of another server that holds the same files',
      default: 'the official address',
    }),
  },
  run: ({ dir, mirror }, io, name) => {
    const known = downloadable.find(one => one === name)
    if (known === undefined)
      return TE.left(
        cpnasError(
          'InvalidOption',
          name,
          'is no data set that can be downloaded',
          `Choose one of ${downloadable.join(', ')}`,
        ),
      )
    const target = dir ?? `data/${known}`
    const reporter = downloadReporter(io)
    return pipe(
      download(known, target, {
        onProgress: reporter.update,
        signal: io.signal,
        ...(mirror === undefined ? {} : { baseUrl: mirror }),
      }),
      TE.map((): Outcome => {
        reporter.close()
        io.out(
          layOut([`${catalogue[known].title} is in ${target}`, `Next: cpnas search --data ${shellWord(target)}`], io),
        )
        return { status: 'done' }
      }),
      TE.orElse(error => {
        reporter.close()
        return io.signal.aborted ? TE.right<CpnasError, Outcome>({ status: 'stopped' }) : TE.left(error)
      }),
    )
  },
})

const describe = (split: string, { count, height, width, channels, classNames }: Dataset): string =>
  `${split}: ${count} images of ${height}x${width}x${channels}, ${classNames.length} classes`

const info = command({
  name: 'info',
  summary: 'Check data files and say what they hold; without --data, what comes embedded',
  options: dataOptions,
  run: (values, io) =>
    pipe(
      openData(values),
      TE.map(data => {
        const { source, train, test } = data
        io.out(
          layOut(
            [
              sourceText(source),
              describe('training', train),
              describe('test', test),
              `classes: ${train.classNames.map(printable).join(', ')}`,
              ...foundLines(data),
            ],
            io,
          ),
        )
        train.close()
        test.close()
        return { status: 'done' }
      }),
    ),
})

/** `cpnas data get` and `cpnas data info`. */
export const dataCommands: CommandGroup = {
  name: 'data',
  summary: summaries.data,
  commands: [get, info],
}
