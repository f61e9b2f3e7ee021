import { defaultImageSize, defaultSize, readPacked, refuseSize, summaryOf, trainingRun } from '@cpnas/experiments'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { hyperparameterOptions } from '../hyperparameters.js'
import { layOut } from '../report/layout.js'
import { printModelSummary } from '../report/model-summary.js'
import { packedSummaryOf, printPackedSummary } from '../report/packed-words.js'
import { countOption } from '../values.js'
import { summaries } from './summaries.js'

const { affine, prelu, preprocessPrecision, scale, sepConvRepeat, stem } = hyperparameterOptions(
  trainingRun.hyperparameters,
)

/** The size of a genotype's network; a model file and a training specify their own. */
const sizeOptions = {
  cells: countOption({
    description: 'of a genotype: cells of the network',
    default: `${defaultSize.cells}, or those of the search`,
  }),
  channels: countOption({
    description: 'of a genotype: channels of the first cell',
    default: `${defaultSize.channels}, or those of the search`,
  }),
  inChannels: countOption({
    description: 'of a genotype: channels of the images',
    default: `${defaultSize.inChannels}, or those of the search`,
  }),
  classes: countOption({
    description: 'of a genotype: classes',
    default: `${defaultSize.classes}, or those of the search`,
  }),
  imageSize: countOption({
    description: 'of a genotype: image size, for the multiply-accumulates',
    default: `${defaultImageSize}, or those of the search`,
  }),
  parent: { kind: 'flag', description: 'of a genotype: the full-precision Parent' },
  stem: { ...stem, default: 'cifar' },
  affine: { ...affine, default: 'no' },
  sepConvRepeat: { ...sepConvRepeat, default: '1, or that of the search' },
  prelu: { ...prelu, default: 'no, or that of the search' },
  preprocessPrecision: { ...preprocessPrecision, default: 'binary, or that of the search' },
  scale: { ...scale, default: 'channel, or that of the search' },
} as const satisfies CommandOptions

const options = {
  layers: { kind: 'flag', description: 'list every layer instead of sums per cell' },
  json: { kind: 'flag', description: 'print a JSON record of every layer' },
  ...sizeOptions,
} as const satisfies CommandOptions

/** `cpnas summary`: what a network weighs and computes, layer by layer. */
export const summaryCommand = command({
  name: 'summary',
  summary: summaries.summary,
  details: `The argument is a model file, a packed file, the directory of a training or of a finished search, or a genotype.json.
Bytes are those of the model file, its header included. A Child is compared with the Parent of the same cells.`,
  argument: { name: 'file|run', description: 'a model file, a genotype.json, or the directory of a run' },
  options,
  run: ({ json = false, layers = false, ...size }, io, path) =>
    pipe(
      readPacked(path),
      TE.flatMap(packed =>
        packed
          ? pipe(
              TE.fromEither(refuseSize(size, path)),
              TE.map(() => packedSummaryOf(packed.packed)),
              TE.map(summary => (json ? [JSON.stringify(summary)] : printPackedSummary(summary))),
            )
          : pipe(
              summaryOf(path, size),
              TE.map(summary => (json ? [JSON.stringify(summary)] : printModelSummary(summary, layers))),
            ),
      ),
      TE.map(blocks => {
        io.out(layOut(blocks, json ? {} : io))
        return { status: 'done' }
      }),
    ),
})
