import { resolve } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import type { Dataset } from '@cpnas/data'
import { parameterShapes } from '@cpnas/supernet'
import { type Model, networkKind, type TrainingConfig, trainingSpec } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { BegunWith } from '../inner-runs.js'
import { readModelOf } from '../sources/model.js'
import { initialWeightsOf, readInitialModel, withoutClassifier } from '../sources/weights.js'
import { isInZoo } from '../sources/zoo.js'

const counted = (channels: number): string => `${channels} channel${channels === 1 ? '' : 's'}`

/** A trained network that a creation begins with instead of a search. */
export interface Beginning {
  /** The absolute path of a model file or of the directory of a training, or `zoo:NAME`. */
  readonly source: string
  readonly model: Model
}

/** Given as the network to begin with: there is none, and cells are searched. */
export const noBeginning = 'none'
/** What few pictures in colour begin with. */
const usualBeginning = 'zoo:cifar10'
/** From as many training images on, cells are searched for them. With 8,000, beginning with a trained network was still better; more were not tried. */
const manyImages = 10_000

/** What images begin with if nothing is given: few pictures in colour with a trained network, all others with a search. */
const usualFor = ({ channels, count }: Dataset): string | undefined =>
  channels === 3 && count < manyImages ? usualBeginning : undefined

/** As it is recorded: absolute, if it is a path. */
export const placeOf = (source: string): string =>
  isInZoo(source) || source === noBeginning ? source : resolve(source)

/** A trained network by where it is. Error InvalidModel. */
export const readBeginning = (source: string): TE.TaskEither<CpnasError, Beginning> =>
  pipe(
    readInitialModel(source),
    TE.flatMap(model => (model === undefined ? readModelOf(source, undefined) : TE.right({ model }))),
    TE.map(({ model }) => ({ source: placeOf(source), model })),
  )

/** The network to begin with: the one that was given, or the usual one. Errors InvalidModel; InvalidOption: one of other images. */
export const beginningFor = (
  given: string | undefined,
  images: Dataset,
): TE.TaskEither<CpnasError, Beginning | undefined> => {
  const source = given === noBeginning ? undefined : (given ?? usualFor(images))
  if (source === undefined) return TE.right(undefined)
  const { channels } = images
  return pipe(
    readBeginning(source),
    TE.filterOrElse(
      ({ model: { image } }) => image.channels === channels,
      ({ model: { image } }) =>
        cpnasError(
          'InvalidOption',
          'initFrom',
          `${source} knows images of ${counted(image.channels)}, these have ${counted(channels)}`,
          `Name a network for images like these, or ${noBeginning} to search`,
        ),
    ),
  )
}

/** What a training takes over of it: all of it for the same classes, for others all but the classifier. Error InvalidOption. */
export const begunWith = (
  { source, model }: Beginning,
  config: TrainingConfig,
  data: Dataset,
): E.Either<CpnasError, BegunWith> => {
  const shapes = parameterShapes(trainingSpec(config, data), model.genotype, networkKind(config))
  const knowsClasses = JSON.stringify(model.classNames) === JSON.stringify(data.classNames)
  return pipe(
    initialWeightsOf(source, model, knowsClasses ? shapes : withoutClassifier(shapes)),
    E.map(({ tensors, hash }) => ({
      genotype: model.genotype,
      record: { initFrom: source, initHash: hash, ...(knowsClasses ? {} : { newClassifier: true as const }) },
      tensors,
    })),
  )
}
