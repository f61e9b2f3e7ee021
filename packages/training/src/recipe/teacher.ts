import { type Backend, type StoredTensors, sameShape, type TensorRecord } from '@cpnas/backends'
import { type CpnasError, cpnasError, namesText } from '@cpnas/core'
import type { Dataset } from '@cpnas/data'
import { type Forward, type Genotype, latentNames, type NetworkOutput, network, parameterShapes } from '@cpnas/supernet'
import { type Either, left, map, right } from 'fp-ts/lib/Either.js'
import type { Model } from '../model.js'
import type { TrainingConfig } from './config.js'
import { modelSpec } from './spec.js'

/** A trained network on the engine, to be evaluated. */
export interface Teacher<T> {
  readonly forward: Forward
  readonly parameters: TensorRecord<T>
  readonly statistics: TensorRecord<T>
}

/** The network's scores and feature maps of images [n, height, width, channels], in evaluation mode. */
export const teach = <T>(
  backend: Backend<T>,
  { forward, parameters, statistics }: Teacher<T>,
  images: T,
): Pick<NetworkOutput<T>, 'logits' | 'features'> =>
  backend.scope(() => {
    const { logits, features } = forward(backend, parameters, images, { statistics })
    return { logits, features }
  })

const wrong = (problem: string, remedy: string): Either<CpnasError, never> =>
  left(cpnasError('InvalidOption', 'teacher', problem, remedy))

/** Whether a training learns from a teacher. */
export const needsTeacher = ({
  distillationWeight,
  cpTarget,
  filterWeight,
  lambda,
}: Pick<TrainingConfig, 'distillationWeight' | 'cpTarget' | 'filterWeight' | 'lambda'>): boolean =>
  distillationWeight > 0 || (cpTarget === 'parent' && (filterWeight > 0 || lambda > 0))

/** InvalidOption if a Child of the genotype cannot be held to the filters and features of this network. */
const checkParent = (
  config: TrainingConfig,
  genotype: Genotype,
  data: Dataset,
  { kind, genotype: cells, spec, parameters }: Model,
): Either<CpnasError, void> => {
  if (kind !== 'parent')
    return wrong('is a Child, and cpTarget parent needs a Parent', 'Train one with precision float, and give that')
  const own = modelSpec(config, data)
  const shapes = parameterShapes(own, genotype, 'child')
  const fits =
    JSON.stringify(cells) === JSON.stringify(genotype) &&
    spec.channels === own.channels &&
    latentNames(own, genotype).every(name => parameters[name] && sameShape(parameters[name].shape, shapes[name]!))
  return fits
    ? right(undefined)
    : wrong(
        `has other cells or another size than the network to train, so cpTarget parent has nothing to compare`,
        `Train a Parent of the same genotype with cells ${config.cells} and channels ${config.channels}, and give that`,
      )
}

/**
 * A teacher goes with a distillationWeight above 0 or with cpTarget parent, and has seen images of the same kind; else InvalidOption. Whether it
 * is the Parent of the genotype is checked where that is given.
 */
export const checkTeacher = (
  config: TrainingConfig,
  data: Dataset,
  model: Model | undefined,
  genotype?: Genotype,
): Either<CpnasError, Model | undefined> => {
  if (model === undefined)
    return needsTeacher(config)
      ? left(
          cpnasError(
            'InvalidOption',
            config.distillationWeight > 0 ? 'distillationWeight' : 'cpTarget',
            `is ${config.distillationWeight > 0 ? config.distillationWeight : config.cpTarget}, but there is no teacher`,
            config.distillationWeight > 0
              ? 'Give a trained network as the teacher, or distillationWeight 0'
              : 'Give the trained Parent as the teacher, or cpTarget own',
          ),
        )
      : right(undefined)
  if (!needsTeacher(config))
    return wrong(
      'is given, but nothing learns from it: distillationWeight is 0 and cpTarget is own',
      'Give distillationWeight above 0 or cpTarget parent, or no teacher',
    )
  const { classNames, image, normalization } = model
  if (JSON.stringify(classNames) !== JSON.stringify(data.classNames))
    return wrong(
      `tells apart other classes: ${namesText(classNames)}; the data have ${namesText(data.classNames)}`,
      'Give a network that was trained on the same data',
    )
  if (image.channels !== data.channels)
    return wrong(
      `sees images of ${image.channels} channels, the data has ${data.channels}`,
      'Give a network that was trained on the same data',
    )
  if (JSON.stringify(normalization) !== JSON.stringify(data.statistics))
    return wrong(
      'was trained on images that were normalized otherwise',
      'Give a network that was trained on the same data',
    )
  return genotype === undefined || config.cpTarget === 'own'
    ? right(model)
    : map(() => model)(checkParent(config, genotype, data, model))
}

const load = <T>(backend: Backend<T>, stored: StoredTensors): TensorRecord<T> =>
  Object.fromEntries(Object.entries(stored).map(([name, { values, shape }]) => [name, backend.tensor(values, shape)]))

export const loadTeacher = <T>(backend: Backend<T>, model: Model): Teacher<T> => ({
  forward: network(model.spec, model.genotype, model.kind, { filters: 'given' }),
  parameters: load(backend, model.parameters),
  statistics: load(backend, model.statistics),
})
