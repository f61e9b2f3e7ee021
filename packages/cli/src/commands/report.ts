import { type CpnasError, cpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { speedOf } from '@cpnas/experiments'
import type { NamedComparison } from '@cpnas/report'
import { type Run, readComparison, readRuns, runNames, type TrainingRun } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { command } from '../command.js'
import { layOut } from '../report/layout.js'
import { textOption } from '../values.js'
import { version } from '../version.js'
import { summaries } from './summaries.js'

const defaultOut = 'report.html'

/** What an image takes in the network that the report shows first, by the name of its training. */
const speedShown = (best: TrainingRun | undefined): TE.TaskEither<CpnasError, Readonly<Record<string, number>>> =>
  best?.packedBytes === undefined
    ? TE.right({})
    : pipe(
        speedOf(best),
        TE.map(milliseconds => (milliseconds === undefined ? {} : { [best.name]: milliseconds })),
      )

interface Shown {
  readonly runs: readonly Run[]
  readonly comparisons: readonly NamedComparison[]
}

/** The comparisons among the directories; all others are runs. */
const readShown = (directories: readonly string[]): TE.TaskEither<CpnasError, Shown> => {
  const names = runNames(directories)
  return pipe(
    directories,
    TE.traverseSeqArray(readComparison),
    TE.map(found =>
      found.flatMap((comparison, i) => (comparison ? [{ ...comparison, name: names[i]!, index: i }] : [])),
    ),
    TE.bindTo('comparisons'),
    TE.bind('runs', ({ comparisons }) =>
      readRuns(directories.filter((_, i) => comparisons.every(({ index }) => index !== i))),
    ),
  )
}

/** `cpnas report`: runs as one page, or as TensorBoard events. */
export const reportCommand = command({
  name: 'report',
  summary: summaries.report,
  details: `RUN is the directory of a search or a training, finished or not, or of what \`cpnas compare\` wrote. Several runs are compared: their curves
share a plot, and settings that differ are marked. The page is self-contained.
--tensorboard writes the scalars of every run, a directory each; add --out to get the page, too.`,
  argument: { name: 'run', description: 'directory of a search, a training or a comparison', variadic: true },
  options: {
    out: textOption({ placeholder: 'file', description: 'file to write', default: defaultOut }),
    tensorboard: textOption({ placeholder: 'dir', description: 'write TensorBoard event files into this directory' }),
  },
  run: ({ out, tensorboard }, io, _, directories) =>
    pipe(
      readShown(directories),
      TE.tap(({ runs, comparisons }) => {
        if (tensorboard === undefined) return TE.right(undefined)
        const [comparison] = comparisons
        if (comparison !== undefined)
          return TE.left(
            cpnasError(
              'InvalidOption',
              'tensorboard',
              `cannot show ${comparison.name}: a comparison has no scalars`,
              'Leave it out',
            ),
          )
        return pipe(
          TE.fromTask(() => import('@cpnas/report')),
          TE.flatMap(({ writeEvents }) => writeEvents(runs, tensorboard)),
          TE.map(paths => io.out(paths.map(path => `${path}\n`).join(''))),
        )
      }),
      TE.tap(({ runs, comparisons }) => {
        if (tensorboard !== undefined && out === undefined) return TE.right(undefined)
        const path = out ?? defaultOut
        return pipe(
          TE.fromTask(() => import('@cpnas/report')),
          TE.bindTo('report'),
          TE.bind('milliseconds', ({ report: { bestTraining } }) => speedShown(bestTraining(runs))),
          TE.flatMap(({ report: { environmentNow, renderReport }, milliseconds }) =>
            TE.fromTask(() => renderReport(runs, { environment: environmentNow(version), milliseconds, comparisons })),
          ),
          TE.tap(page => writeFileAtomic(path, page)),
          TE.map(page =>
            io.out(
              layOut(
                [`${path}: ${(Buffer.byteLength(page) / 1000).toFixed(1)} kB`, `Next: open ${path} in a browser`],
                io,
              ),
            ),
          ),
        )
      }),
      TE.map(() => ({ status: 'done' })),
    ),
})
