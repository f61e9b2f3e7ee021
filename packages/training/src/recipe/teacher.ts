import type { Backend, StoredTensors, TensorRecord } from '@cpnas/backends'
import { type CpnasError, cpnasError, namesText } from '@cpnas/core'
import type { Dataset } from '@cpnas/data'
import { type Forward, network } from '@cpnas/supernet'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Model } from '../model.js'
import type { TrainingConfig } from './config.js'

/** A trained network on the engine, to be evaluated. */
export interface Teacher<T> {
  readonly forward: Forward
  readonly parameters: TensorRecord<T>
  readonly statistics: TensorRecord<T>
}

/** Class scores of images [n, height, width, channels], in evaluation mode: [n, classes]. */
export const teach = <T>(backend: Backend<T>, { forward, parameters, statistics }: Teacher<T>, images: T): T =>
  backend.scope(() => forward(backend, parameters, images, { statistics }).logits)

const wrong = (problem: string, remedy: string): Either<CpnasError, never> =>
  left(cpnasError('InvalidOption', 'teacher', problem, remedy))

/** A teacher goes with a distillationWeight above 0, and has seen images of the same kind; else InvalidOption. */
export const checkTeacher = (
  { distillationWeight }: Pick<TrainingConfig, 'distillationWeight'>,
  data: Dataset,
  model: Model | undefined,
): Either<CpnasError, Model | undefined> => {
  if (model === undefined)
    return distillationWeight > 0
      ? left(
          cpnasError(
            'InvalidOption',
            'distillationWeight',
            `is ${distillationWeight}, but there is no teacher`,
            'Give a trained network as the teacher, or distillationWeight 0',
          ),
        )
      : right(undefined)
  if (distillationWeight === 0)
    return wrong('is given, but distillationWeight is 0', 'Give distillationWeight above 0, or no teacher')
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
  return right(model)
}

const load = <T>(backend: Backend<T>, stored: StoredTensors): TensorRecord<T> =>
  Object.fromEntries(Object.entries(stored).map(([name, { values, shape }]) => [name, backend.tensor(values, shape)]))

export const loadTeacher = <T>(backend: Backend<T>, model: Model): Teacher<T> => ({
  forward: network(model.spec, model.genotype, model.kind, { filters: 'given' }),
  parameters: load(backend, model.parameters),
  statistics: load(backend, model.statistics),
})
