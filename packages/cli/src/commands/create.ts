import { type CpnasError, cpnasError } from '@cpnas/core'
import { type PlannedCreation, performCreation, planCreation } from '@cpnas/experiments'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { dataOptions } from '../data-source.js'
import { hyperparameterOptions } from '../hyperparameters.js'
import { counted } from '../report/amounts.js'
import { creationWords, printCreation } from '../report/creation-words.js'
import { percent } from '../report/format.js'
import { tellRun } from '../runs/run-command.js'
import { creationRuns } from '../runs/run-commands.js'
import { engineOptions, reportOptions } from '../runs/run-options.js'
import { textOption } from '../values.js'
import { summaries } from './summaries.js'

const { data: _, imageSize, ...readingOptions } = dataOptions

const options = {
  ...hyperparameterOptions(creationRuns.kind.hyperparameters),
  out: textOption({
    placeholder: 'dir',
    description: 'directory to write',
    default: creationRuns.defaultDirectory,
  }),
  resume: { kind: 'flag', description: 'continue the creation in --out' },
  ...readingOptions,
  imageSize: { ...imageSize, default: 'what fits the pictures and the time, 32 to 128' },
  initFrom: textOption({
    placeholder: 'run|file',
    description: 'the trained network to begin with, or zoo:NAME, or none to search',
    default: 'zoo:cifar10 for fewer than 10,000 pictures in colour; none for others',
  }),
  ...engineOptions,
  ...reportOptions,
} as const satisfies CommandOptions

const checkPictures = (resume: boolean, pictures: string): E.Either<CpnasError, void> =>
  resume || pictures !== ''
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          'pictures',
          'are missing',
          'Name a directory that holds a folder of pictures for every class',
        ),
      )

/** What was seen and planned, in lines. */
const introduction = (
  { directory, stored, config, budget: { search, channels }, begun }: PlannedCreation,
  classes: readonly string[],
  initFrom: string | undefined,
): readonly string[] => [
  `Classes: ${classes.length}: ${classes.slice(0, 10).join(', ')}${classes.length > 10 ? ', ...' : ''}`,
  `Plan:   ${counted(config.minutes, 'minute')}: ${search === undefined ? `a training that begins with ${initFrom ?? begun?.source},` : `a search of ${counted(search.samples, 'architecture')}${search.share < 1 ? ` on ${percent(search.share)} of the images` : ''}, then a training with`} ${counted(channels, 'channel')}`,
  ...(initFrom === undefined && begun !== undefined && stored === undefined
    ? ['        for few pictures a trained network is a better start than a search; --init-from none searches']
    : []),
  ...(config.flip ? ['        pictures are mirrored while training; give --no-flip if left and right matter'] : []),
  `Run:    ${directory}${stored === undefined ? '' : ', continued'}`,
]

/** `cpnas create`: from pictures to a page. */
export const createCommand = command({
  name: 'create',
  summary: summaries.create,
  details: `PICTURES is a directory with a folder of pictures for every class, or any data that --data of the other commands takes. Looks at
the pictures; searches cells, or for few pictures in colour begins with a trained network; trains and tests it; and writes into --out:
model.cpnas, the network; index.html, a page that recognizes pictures, offline; report.html; model.onnx; README.md, a model card;
search/ and training/, the runs. How large pictures are seen, and how wide the network is, follow from the time. Press Ctrl-C to stop;
--resume continues.`,
  argument: { name: 'pictures', description: 'directory of the pictures; not needed with --resume', optional: true },
  options,
  run: (given, io, pictures) => {
    const begun = performance.now()
    return pipe(
      checkPictures(given.resume ?? false, pictures),
      TE.fromEither,
      TE.flatMap(() =>
        planCreation({
          directory: given.out ?? creationRuns.defaultDirectory,
          resume: given.resume ?? false,
          hyperparameters: given,
          backend: given.backend,
          threads: given.threads,
          data: pictures === '' ? undefined : pictures,
          dataset: given.dataset,
          imageSize: given.imageSize,
          initFrom: given.initFrom,
        }),
      ),
      TE.flatMap(plan =>
        tellRun(
          creationRuns,
          plan,
          performCreation,
          {
            events: creationWords(plan.budget.search),
            introduction: ({ data }) => introduction(plan, data.train.classNames, given.initFrom),
            text: result =>
              printCreation(
                result,
                plan.directory,
                plan.budget.search !== undefined,
                (performance.now() - begun) / 1000,
              ),
            record: result => result,
            saved: { stopped: 'all that is done is saved', failed: 'All that is done is saved' },
          },
          given,
          io,
        ),
      ),
    )
  },
})
