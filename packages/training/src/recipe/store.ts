import {
  type Backend,
  readTensors,
  type Shape,
  type StoredTensors,
  sameShape,
  type TensorRecord,
} from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { initialParameters, parameterShapes } from '@cpnas/supernet'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { newLearner } from '../optimizers/optimizer.js'
import { tensorMismatch } from '../tensor-mismatch.js'
import { type Carried, carriedOf, type RecipeContext } from './context.js'
import type { Evaluated } from './evaluated.js'
import { momentsSize } from './moments.js'

/** A network as plain values, as in a Model. */
export interface StoredNetwork {
  readonly parameters: StoredTensors
  readonly statistics: StoredTensors
}

export const readNetwork = async <T>(
  backend: Backend<T>,
  { parameters, statistics }: Evaluated<T>,
): Promise<StoredNetwork> => ({
  parameters: await readTensors(backend, parameters),
  statistics: await readTensors(backend, statistics),
})

const prefixed = <A>(prefix: string, record: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(record).map(([name, x]) => [`${prefix}.${name}`, x]))

const without = (prefix: string, record: StoredTensors): StoredTensors =>
  Object.fromEntries(
    Object.entries(record).flatMap(([name, x]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), x]] : [],
    ),
  )

const carriedRecord = <T>({ learner, moments, average, centers }: Carried<T>): TensorRecord<T> => ({
  ...prefixed('parameters', learner.parameters),
  ...Object.assign({}, ...Object.entries(learner.state).map(([slot, record]) => prefixed(slot, record))),
  ...prefixed('average', average ?? {}),
  ...prefixed('running', { ...moments }),
  ...prefixed('centers', { ...centers }),
})

/**
 * Everything that is needed to resume a training, by name: `parameters.NAME`, the optimizer's slots (`velocity.NAME`; `first.NAME`,
 * `second.NAME`), `average.NAME`, `running.mean`, `running.variance`, `centers.counts`, `centers.means`, and the best network so far as
 * `best.parameters.NAME` and `best.statistics.NAME.mean`.
 */
export const storeCarried = async <T>(
  backend: Backend<T>,
  carried: Carried<T>,
  best: StoredNetwork | undefined,
): Promise<StoredTensors> => ({
  ...(await readTensors(backend, carriedRecord(carried))),
  ...prefixed('best.parameters', best?.parameters ?? {}),
  ...prefixed('best.statistics', best?.statistics ?? {}),
})

/** The shape that a stored tensor must have; undefined if there is no such tensor in this training. -1 stands for any size. */
const expectedShapes = <T>(context: RecipeContext<T>): Readonly<Record<string, Shape>> => {
  const { shapes, normalizations, optimizer, spec, genotype, kind } = context
  const size = momentsSize(normalizations)
  return {
    ...Object.assign(
      {},
      ...['parameters', 'average', ...Object.keys(optimizer.init<T>())].map(group => prefixed(group, shapes)),
    ),
    'running.mean': [size],
    'running.variance': [size],
    'centers.counts': [spec.model.classes],
    'centers.means': [spec.model.classes, -1, -1, -1],
    ...prefixed('best.parameters', parameterShapes(spec.model, genotype, kind)),
    ...Object.fromEntries(
      Object.entries(normalizations).flatMap(([name, shape]) =>
        ['mean', 'variance'].map(part => [`best.statistics.${name}.${part}`, shape]),
      ),
    ),
  }
}

const fits = (shape: Shape, expected: Shape): boolean =>
  shape.length === expected.length && expected.every((size, axis) => size === -1 || size === shape[axis])

/**
 * The inverse of `storeCarried`; `updates` is how often the weights have been updated in their stage. InvalidCheckpoint if the tensors are
 * not those of this training.
 */
export const restoreCarried = <T>(
  context: RecipeContext<T>,
  tensors: StoredTensors,
  updates: number,
): Either<CpnasError, { readonly carried: Carried<T>; readonly best: StoredNetwork | undefined }> => {
  const { backend, shapes, optimizer } = context
  const expected = expectedShapes(context)
  const missing = Object.keys(shapes).find(name => tensors[`parameters.${name}`] === undefined)
  if (missing !== undefined) return left(tensorMismatch(`parameters.${missing}`, 'is missing'))
  for (const [key, { shape }] of Object.entries(tensors)) {
    const wanted = expected[key]
    if (wanted === undefined) return left(tensorMismatch(key, 'is no tensor of this training'))
    if (!fits(shape, wanted)) return left(tensorMismatch(key, `has shape [${shape.join(', ')}]`))
  }
  const record = (prefix: string): TensorRecord<T> =>
    Object.fromEntries(
      Object.entries(without(prefix, tensors)).map(([name, { values, shape }]) => [
        name,
        backend.tensor(values, shape),
      ]),
    )
  const optional = <A>(found: TensorRecord<T>): A | undefined =>
    Object.keys(found).length === 0 ? undefined : (found as A)
  const best = { parameters: without('best.parameters', tensors), statistics: without('best.statistics', tensors) }
  return right({
    carried: {
      learner: {
        parameters: record('parameters'),
        state: Object.fromEntries(Object.keys(optimizer.init<T>()).map(slot => [slot, record(slot)])),
        updates: Object.fromEntries(Object.keys(shapes).map(name => [name, updates])),
      },
      moments: optional(record('running')),
      average: optional(record('average')),
      centers: optional(record('centers')),
    },
    best: Object.keys(best.parameters).length === 0 ? undefined : best,
  })
}

/** The tensors among `initial` that a network of these shapes can begin with: those of its parameters' names and shapes. */
export const fittingTensors = (shapes: Readonly<Record<string, Shape>>, initial: StoredTensors): StoredTensors =>
  Object.fromEntries(
    Object.entries(initial).filter(([name, { shape }]) => {
      const wanted = shapes[name]
      return wanted !== undefined && sameShape(wanted, shape)
    }),
  )

/** The weights a training begins with: `initial` where it fits, else the usual initialization; InvalidCheckpoint if none of it fits. */
export const beginCarried = <T>(
  { backend, shapes, config, optimizer }: RecipeContext<T>,
  initial: StoredTensors | undefined,
): Either<CpnasError, Carried<T>> => {
  const taken = fittingTensors(shapes, initial ?? {})
  if (initial !== undefined && Object.keys(taken).length === 0)
    return left(
      cpnasError(
        'InvalidCheckpoint',
        'the initial weights',
        `none of the ${Object.keys(initial).length} tensors has the name and shape of one of the network's ${Object.keys(shapes).length} parameters`,
        'Give weights of the same genotype, cells and channels, or begin without',
      ),
    )
  const values = Object.entries(initialParameters(shapes, config.seed))
  const parameters = Object.fromEntries(
    values.map(([name, usual]) => [name, backend.tensor(taken[name]?.values ?? usual, shapes[name]!)]),
  )
  return right(carriedOf(newLearner(optimizer, parameters)))
}

/**
 * The next stage begins with the weights of the last one, averaged ones where there are such, and with nothing else. Consumes `carried`.
 */
export const nextStage = <T>(
  { backend, optimizer }: RecipeContext<T>,
  { learner, average, ...rest }: Carried<T>,
): Carried<T> => {
  const { parameters } = learner
  backend.dispose([rest, learner.state, average && parameters])
  return carriedOf(newLearner(optimizer, average ?? parameters))
}
