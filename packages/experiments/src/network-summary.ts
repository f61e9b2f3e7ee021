import { readFile } from 'node:fs/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { isDirectory } from '@cpnas/core/files'
import { catalogue, type DatasetName } from '@cpnas/data'
import { type HeaderFacts, type ModelSummary, readModel, summarize } from '@cpnas/model'
import { type RunBase, readRunConfig, trainedOnOf } from '@cpnas/runs'
import { type Genotype, type NetworkSpec, specFor } from '@cpnas/supernet'
import { modelSpec, networkKind } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { searchRun } from './search/kind.js'
import { readGenotype, readGenotypeOf } from './sources/genotype.js'
import { formatIn, readTraining, trainedModel } from './sources/model.js'
import { trainingRun } from './training/kind.js'

/** The default size of a genotype's network: CIFAR-10's images, DARTS's width, BNAS's depth. */
export const defaultSize = { cells: 6, channels: 16, inChannels: 3, classes: 10 } as const
/** Default height and width of images: CIFAR-10's. */
export const defaultImageSize = 32

/** The size of a genotype's network; a model file and a training specify their own. */
export type NetworkSize = Partial<
  Pick<
    NetworkSpec,
    | 'cells'
    | 'channels'
    | 'inChannels'
    | 'classes'
    | 'stem'
    | 'affine'
    | 'sepConvRepeat'
    | 'prelu'
    | 'preprocessPrecision'
    | 'scale'
  >
> & {
  /** Height and width of the images. */
  readonly imageSize?: number
  /** Whether the Parent is meant, not the Child. */
  readonly parent?: boolean
}

/** InvalidOption for a size that is given with a file that specifies its own. */
export const refuseSize = (size: NetworkSize, path: string): E.Either<CpnasError, void> => {
  const wrong = Object.entries(size).find(([, value]) => value !== undefined)
  return wrong === undefined
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          wrong[0],
          `${path} says itself what network it is of`,
          'Leave it out, or name a genotype file or the directory of a search',
        ),
      )
}

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
  { imageSize, parent, ...size }: NetworkSize,
  genotype: Genotype,
  base: NetworkSpec,
  image: Shape,
  facts?: HeaderFacts,
): ModelSummary => {
  const spec: NetworkSpec = {
    ...base,
    ...Object.fromEntries(Object.entries(size).filter(([, value]) => value !== undefined)),
  }
  const seen = { height: imageSize ?? image.height, width: imageSize ?? image.width, channels: spec.inChannels }
  const known = facts && facts.classNames.length === spec.classes && facts.normalization.mean.length === spec.inChannels
  return summarize(spec, genotype, parent ? 'parent' : 'child', seen, known ? facts : {})
}

const plainImage: Shape = { height: defaultImageSize, width: defaultImageSize, channels: defaultSize.inChannels }

const ofSearch = (size: NetworkSize, directory: string): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.Do,
    TE.bind('run', () => readRunConfig(searchRun, directory, 'its path')),
    TE.bind('genotype', () => readGenotypeOf(directory)),
    TE.flatMapEither(({ run, genotype: { space, genotype } }) => {
      if (run === undefined)
        return E.right(ofGenotype(size, genotype, { ...defaultSize, space: space.name }, plainImage))
      return E.flatMap((facts: Facts) =>
        facts.classNames.length === 0 && size.classes === undefined
          ? E.left(
              cpnasError(
                'InvalidOption',
                'classes',
                'is missing: a search on an image folder does not say how many there are',
                'Give `classes N`',
              ),
            )
          : E.right(ofGenotype(size, genotype, specFor(run.search, facts), facts.image, facts)),
      )(factsOf(run))
    }),
  )

/** An unfinished training has the size of its future model. */
const ofTraining = (size: NetworkSize, directory: string): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.fromEither(refuseSize(size, directory)),
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

const ofFile = (size: NetworkSize, path: string): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.fromTask(() => isText(path)),
    TE.flatMap(text =>
      text || path.endsWith('.json')
        ? pipe(
            readGenotype(path),
            TE.map(({ space, genotype }) =>
              ofGenotype(size, genotype, { ...defaultSize, space: space.name }, plainImage),
            ),
          )
        : pipe(
            readModel(path),
            TE.chainFirstEitherK(() => refuseSize(size, path)),
            TE.map(model => summarize(model.spec, model.genotype, model.kind, model.image, model)),
          ),
    ),
  )

/**
 * Size and work, layer by layer, of the network in a model file, of a run, or of a genotype. InvalidOption: a size is missing, or given for
 * a file that says it itself; InvalidModel, InvalidGenotype, InvalidCheckpoint.
 */
export const summaryOf = (path: string, size: NetworkSize): TE.TaskEither<CpnasError, ModelSummary> =>
  pipe(
    TE.fromTask(() => isDirectory(path)),
    TE.flatMap(directory =>
      directory
        ? pipe(
            TE.fromTask(() => formatIn(path)),
            TE.flatMap(format => (format === trainingRun.format ? ofTraining(size, path) : ofSearch(size, path))),
          )
        : ofFile(size, path),
    ),
  )
