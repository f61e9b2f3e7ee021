import { readFile } from 'node:fs/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { catalogue, type DatasetName } from '@cpnas/data'
import {
  formatIn,
  isDirectory,
  readGenotype,
  readGenotypeOf,
  readPacked,
  readTraining,
  searchRun,
  trainedModel,
  trainingRun,
} from '@cpnas/experiments'
import { type HeaderFacts, type ModelSummary, readModel, summarize } from '@cpnas/model'
import { type RunBase, readRunConfig, trainedOnOf } from '@cpnas/runs'
import { type Genotype, type NetworkSpec, specFor } from '@cpnas/supernet'
import { modelSpec, networkKind } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, refuseOptions, type Values } from '../command.js'
import { hyperparameterOptions } from '../hyperparameters.js'
import { printModelSummary } from '../report/model-summary.js'
import { packedSummaryOf, printPackedSummary } from '../report/packed-words.js'
import { countOption } from '../values.js'
import { summaries } from './summaries.js'

/** CIFAR-10's images, DARTS's width, BNAS's depth. */
const defaults = { cells: 6, channels: 16, inChannels: 3, classes: 10 } as const
const defaultImageSize = 32

const { affine, prelu, preprocessPrecision, scale, sepConvRepeat, stem } = hyperparameterOptions(
  trainingRun.hyperparameters,
)

/** What sizes the network of a genotype; a model file and a training say it themselves. */
const sizeOptions = {
  cells: countOption({
    description: 'of a genotype: cells of the network',
    default: `${defaults.cells}, or those of the search`,
  }),
  channels: countOption({
    description: 'of a genotype: channels of the first cell',
    default: `${defaults.channels}, or those of the search`,
  }),
  inChannels: countOption({
    description: 'of a genotype: channels of the images',
    default: `${defaults.inChannels}, or those of the search`,
  }),
  classes: countOption({
    description: 'of a genotype: classes',
    default: `${defaults.classes}, or those of the search`,
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

const sizeNames = Object.keys(sizeOptions) as (keyof typeof sizeOptions)[]

const options = {
  layers: { kind: 'flag', description: 'list every layer instead of sums per cell' },
  json: { kind: 'flag', description: 'print a JSON record of every layer' },
  ...sizeOptions,
} as const satisfies CommandOptions

type Given = Values<typeof options>

/** Refuses options that would change what a file says of itself. */
const unsized = (given: Given, path: string): E.Either<CpnasError, void> =>
  refuseOptions(
    given,
    sizeNames,
    `${path} says itself what network it is of`,
    'Leave it out, or name a genotype file or the directory of a search',
  )

type Shape = ModelSummary['image']

/** Image size, classes and statistics of a run's data set; an image folder has no class names here. InvalidOption for an unknown data set. */
const factsOf = (run: RunBase) => {
  const { dataset, imageSize } = run
  if (!Object.hasOwn(catalogue, dataset))
    return E.left(
      cpnasError(
        'InvalidOption',
        'the run',
        `is on the data set ${dataset}, which this version does not know`,
        `Known are ${Object.keys(catalogue).join(', ')}`,
      ),
    )
  const trainedOn = trainedOnOf(run)
  const { height, width, channels, classNames, statistics } = catalogue[dataset as DatasetName]
  const image: Shape = { height: imageSize ?? height, width: imageSize ?? width, channels }
  return E.right({
    image,
    channels,
    classNames,
    normalization: statistics,
    ...(trainedOn === undefined ? {} : { trainedOn }),
  })
}

type Facts = Extract<ReturnType<typeof factsOf>, { readonly _tag: 'Right' }>['right']

const ofGenotype = (
  {
    cells,
    channels,
    inChannels,
    classes,
    imageSize,
    parent,
    stem,
    affine,
    sepConvRepeat,
    prelu,
    preprocessPrecision,
    scale,
  }: Given,
  genotype: Genotype,
  base: NetworkSpec,
  image: Shape,
  facts?: HeaderFacts,
): ModelSummary => {
  const given = { cells, channels, inChannels, classes, stem, affine, sepConvRepeat, prelu, preprocessPrecision, scale }
  const spec: NetworkSpec = {
    ...base,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
  const size = { height: imageSize ?? image.height, width: imageSize ?? image.width, channels: spec.inChannels }
  const known = facts && facts.classNames.length === spec.classes && facts.normalization.mean.length === spec.inChannels
  return summarize(spec, genotype, parent ? 'parent' : 'child', size, known ? facts : {})
}

const plainImage: Shape = { height: defaultImageSize, width: defaultImageSize, channels: defaults.inChannels }

const ofSearch = (given: Given, directory: string): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.Do,
    TE.bind('run', () => readRunConfig(searchRun, directory, 'its path')),
    TE.bind('genotype', () => readGenotypeOf(directory)),
    TE.flatMapEither(({ run, genotype: { space, genotype } }) => {
      if (run === undefined) return E.right(ofGenotype(given, genotype, { ...defaults, space: space.name }, plainImage))
      return E.flatMap((facts: Facts) =>
        facts.classNames.length === 0 && given.classes === undefined
          ? E.left(
              cpnasError(
                'InvalidOption',
                '--classes',
                'is missing: a search on an image folder does not say how many there are',
                'Give --classes N',
              ),
            )
          : E.right(ofGenotype(given, genotype, specFor(run.search, facts), facts.image, facts)),
      )(factsOf(run))
    }),
  )

/** A training that is not finished weighs what its model will. */
const ofTraining = (given: Given, directory: string): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.fromEither(unsized(given, directory)),
    TE.flatMap(() => readTraining(directory)),
    TE.bindTo('run'),
    TE.bind('model', () => trainedModel(directory, 'best')),
    TE.flatMapEither(({ run, model }) => {
      if (model !== undefined) return E.right(summarize(model.spec, model.genotype, model.kind, model.image, model))
      return E.flatMap((facts: Facts) =>
        facts.classNames.length === 0
          ? E.left(
              cpnasError(
                'InvalidModel',
                directory,
                'is a training on an image folder that is not finished',
                `Finish it: cpnas train --resume --out ${directory}`,
              ),
            )
          : E.right(
              summarize(modelSpec(run.training, facts), run.genotype, networkKind(run.training), facts.image, facts),
            ),
      )(factsOf(run))
    }),
  )

/** A genotype file is JSON, a model file begins with the length of its header. */
const isText = (path: string): Promise<boolean> =>
  readFile(path).then(
    bytes => /^\s*[{[]/.test(bytes.toString('latin1', 0, 64)) && bytes[8] !== 0x7b,
    () => path.endsWith('.json'),
  )

const ofFile = (given: Given, path: string): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.fromTask(() => isText(path)),
    TE.flatMap(text =>
      text || path.endsWith('.json')
        ? pipe(
            readGenotype(path),
            TE.map(({ space, genotype }) =>
              ofGenotype(given, genotype, { ...defaults, space: space.name }, plainImage),
            ),
          )
        : pipe(
            readModel(path),
            TE.chainFirstEitherK(() => unsized(given, path)),
            TE.map(model => summarize(model.spec, model.genotype, model.kind, model.image, model)),
          ),
    ),
  )

const summaryOf = (given: Given, path: string): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.fromTask(() => isDirectory(path)),
    TE.flatMap(directory =>
      directory
        ? pipe(
            TE.fromTask(() => formatIn(path)),
            TE.flatMap(format => (format === trainingRun.format ? ofTraining(given, path) : ofSearch(given, path))),
          )
        : ofFile(given, path),
    ),
  )

/** `cpnas summary`: what a network weighs and computes, layer by layer. */
export const summaryCommand = command({
  name: 'summary',
  summary: summaries.summary,
  details: `The argument is a model file, a packed file, the directory of a training or of a finished search, or a genotype.json.
Bytes are those of the model file, its header included. A Child is compared with the Parent of the same cells.`,
  argument: { name: 'file|run', description: 'a model file, a genotype.json, or the directory of a run' },
  options,
  run: (given, io, path) =>
    pipe(
      readPacked(path),
      TE.flatMap(packed =>
        packed
          ? pipe(
              TE.fromEither(unsized(given, path)),
              TE.map(() => packedSummaryOf(packed.packed)),
              TE.map(summary => (given.json ? JSON.stringify(summary) : printPackedSummary(summary).trimEnd())),
            )
          : pipe(
              summaryOf(given, path),
              TE.map(summary =>
                given.json ? JSON.stringify(summary) : printModelSummary(summary, given.layers ?? false).trimEnd(),
              ),
            ),
      ),
      TE.map(text => {
        io.out(`${text}\n`)
        return { status: 'done' }
      }),
    ),
})
