import {
  type Backend,
  readTensors,
  type Shape,
  type StoredTensors,
  sameShape,
  type TensorRecord,
} from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import {
  type Architecture,
  initialParameters,
  type Mixture,
  type NetworkKind,
  type NetworkSpec,
  parameterShapes,
} from '@cpnas/supernet'
import { type Learner, type Optimizer, sgd, tensorMismatch } from '@cpnas/training'
import { type Either, left, map, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { SearchConfig } from '../config.js'
import type { Evaluator } from '../evaluator.js'
import { strategies } from '../strategies/index.js'

/** A set of weights and the networks it is trained for. */
export interface Owner {
  readonly name: 'child' | 'parent' | 'shared'
  readonly networks: readonly [NetworkKind, ...NetworkKind[]]
}

/** The networks of an architecture that are trained. */
export const networksOf = ({
  withParent,
  strategy,
}: Pick<SearchConfig, 'withParent' | 'strategy'>): readonly [NetworkKind, ...NetworkKind[]] =>
  withParent === 'always' || strategies[strategy]!.usesParent ? ['child', 'parent'] : ['child']

/** The networks that are trained with weights of their own, or one set for all. */
export const ownersOf = (config: Pick<SearchConfig, 'shareWeights' | 'withParent' | 'strategy'>): readonly Owner[] =>
  config.shareWeights
    ? [{ name: 'shared', networks: networksOf(config) }]
    : networksOf(config).map(kind => ({ name: kind, networks: [kind] }))

/** The weights of the supernet by owner. */
export type Weights<T> = Readonly<Record<string, Learner<T>>>

type Shapes = Readonly<Record<string, Shape>>

/** Shapes of the parameters of an architecture's operations; the Child's where the networks share them. */
const shapesOf = (spec: NetworkSpec, architecture: Architecture, { networks }: Owner): Shapes =>
  parameterShapes(spec, architecture, networks[0])

/** The weights of every owner, each made of the shapes of its parameters. */
const weightsOf = <T>(
  spec: NetworkSpec,
  config: SearchConfig,
  architecture: Architecture,
  make: (shapes: Shapes, owner: Owner['name']) => Learner<T>,
): Weights<T> =>
  Object.fromEntries(ownersOf(config).map(owner => [owner.name, make(shapesOf(spec, architecture, owner), owner.name)]))

/** Child and Parent begin with the same latent weights (not stated in the source). */
export const initialWeights = <T>(
  backend: Backend<T>,
  spec: NetworkSpec,
  config: SearchConfig,
  architecture: Architecture,
  optimizer: Optimizer,
): Weights<T> =>
  weightsOf(spec, config, architecture, shapes => {
    const values = Object.entries(initialParameters(shapes, config.seed))
    const parameters = Object.fromEntries(values.map(([name, v]) => [name, backend.tensor(v, shapes[name]!)]))
    return { parameters, state: optimizer.init<T>() }
  })

const filter = <T>(record: TensorRecord<T>, keep: (name: string) => boolean): TensorRecord<T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => keep(name)))

const filterLearner = <T>({ parameters, state }: Learner<T>, keep: (name: string) => boolean): Learner<T> => ({
  parameters: filter(parameters, keep),
  state: Object.fromEntries(Object.entries(state).map(([slot, record]) => [slot, filter(record, keep)])),
})

/** The parameters of a network with their optimizer state, and all others. */
export const partition = <T>(
  learner: Learner<T>,
  names: ReadonlySet<string>,
): { readonly selected: Learner<T>; readonly rest: Learner<T> } => ({
  selected: filterLearner(learner, name => names.has(name)),
  rest: filterLearner(learner, name => !names.has(name)),
})

export const merge = <T>(a: Learner<T>, b: Learner<T>): Learner<T> => ({
  parameters: { ...a.parameters, ...b.parameters },
  state: Object.fromEntries(
    [...new Set([...Object.keys(a.state), ...Object.keys(b.state)])].map(slot => [
      slot,
      { ...a.state[slot], ...b.state[slot] },
    ]),
  ),
})

/** Frees the weights of operations that no longer remain. */
const prune = <T>(
  backend: Backend<T>,
  weights: Weights<T>,
  spec: NetworkSpec,
  config: SearchConfig,
  remaining: Mixture,
): Weights<T> =>
  weightsOf(spec, config, remaining, (shapes, owner) => {
    const { selected, rest } = partition(weights[owner]!, new Set(Object.keys(shapes)))
    backend.dispose(rest)
    return selected
  })

/** Reads all weights back, under the names `child.parameters.NAME`, `child.velocity.NAME` and so on. */
const storeWeights = <T>(backend: Backend<T>, weights: Weights<T>): Promise<StoredTensors> =>
  readTensors(
    backend,
    Object.fromEntries(
      Object.entries(weights).flatMap(([owner, { parameters, state }]) =>
        Object.entries({ parameters, ...state }).flatMap(([slot, record]) =>
          Object.entries(record).map(([name, x]) => [`${owner}.${slot}.${name}`, x]),
        ),
      ),
    ),
  )

/** The slots of SGD beside the parameters. */
const slotsOf = (config: SearchConfig): readonly string[] => Object.keys(sgd(config).init())

/** Where the weights of an architecture are stored, and their shapes. */
const placesOf = (spec: NetworkSpec, config: SearchConfig, architecture: Architecture) =>
  ownersOf(config).flatMap(owner =>
    Object.entries(shapesOf(spec, architecture, owner)).flatMap(([name, shape]) =>
      ['parameters', ...slotsOf(config)].map(slot => ({
        owner: owner.name,
        slot,
        name,
        shape,
        key: `${owner.name}.${slot}.${name}`,
      })),
    ),
  )

/** What `storeWeights` gives of new weights. */
export const initialTensors = (spec: NetworkSpec, config: SearchConfig, architecture: Architecture): StoredTensors =>
  Object.fromEntries(
    ownersOf(config).flatMap(owner => {
      const shapes = shapesOf(spec, architecture, owner)
      return Object.entries(initialParameters(shapes, config.seed)).map(([name, values]) => [
        `${owner.name}.parameters.${name}`,
        { shape: shapes[name]!, values },
      ])
    }),
  )

/** The tensors of an architecture among those of a supernet. */
export const tensorsFor = (
  spec: NetworkSpec,
  config: SearchConfig,
  architecture: Architecture,
  tensors: StoredTensors,
): StoredTensors =>
  Object.fromEntries(
    placesOf(spec, config, architecture).flatMap(({ key }) => {
      const tensor = tensors[key]
      return tensor === undefined ? [] : [[key, tensor]]
    }),
  )

/** InvalidCheckpoint if the tensors are not those of the architecture; a parameter that was never trained has no momentum. */
export const checkTensors = (
  spec: NetworkSpec,
  config: SearchConfig,
  architecture: Architecture,
  tensors: StoredTensors,
): Either<CpnasError, StoredTensors> => {
  const places = placesOf(spec, config, architecture)
  const missing = places.find(({ key, slot }) => slot === 'parameters' && tensors[key] === undefined)
  if (missing) return left(tensorMismatch(missing.key, 'is missing'))
  const misshapen = places.find(({ key, shape }) => tensors[key] && !sameShape(tensors[key].shape, shape))
  if (misshapen) return left(tensorMismatch(misshapen.key, `has shape [${tensors[misshapen.key]!.shape.join(', ')}]`))
  const known = new Set(places.map(({ key }) => key))
  const foreign = Object.keys(tensors).find(key => !known.has(key))
  if (foreign !== undefined) return left(tensorMismatch(foreign, 'is no tensor of this search'))
  return right(tensors)
}

/** The inverse of `storeWeights`; InvalidCheckpoint if the tensors are not those of the supernet. */
const restoreWeights = <T>(
  backend: Backend<T>,
  spec: NetworkSpec,
  config: SearchConfig,
  remaining: Architecture,
  tensors: StoredTensors,
): Either<CpnasError, Weights<T>> => {
  const places = placesOf(spec, config, remaining)
  const record = (owner: string, slot: string): TensorRecord<T> =>
    Object.fromEntries(
      places
        .filter(place => place.owner === owner && place.slot === slot && tensors[place.key])
        .map(({ name, shape, key }) => [name, backend.tensor(tensors[key]!.values, shape)]),
    )
  return pipe(
    checkTensors(spec, config, remaining, tensors),
    map(() =>
      Object.fromEntries(
        ownersOf(config).map(({ name }) => [
          name,
          {
            parameters: record(name, 'parameters'),
            state: Object.fromEntries(slotsOf(config).map(slot => [slot, record(name, slot)])),
          },
        ]),
      ),
    ),
  )
}

/** What every evaluator on shared weights does with them between proposals. */
export const weightsKeeping = <T>({
  backend,
  config,
  spec,
}: {
  readonly backend: Backend<T>
  readonly config: SearchConfig
  readonly spec: NetworkSpec
}): Pick<Evaluator<Weights<T>>, 'begin' | 'prune' | 'store' | 'dispose'> => {
  const optimizer = sgd(config)
  return {
    begin: (remaining, stored) =>
      stored === undefined
        ? right(initialWeights(backend, spec, config, remaining, optimizer))
        : restoreWeights(backend, spec, config, remaining, stored),
    prune: (weights, remaining) => prune(backend, weights, spec, config, remaining),
    store: weights => storeWeights(backend, weights),
    dispose: weights => backend.dispose(weights),
  }
}
