import {
  type Backend,
  readTensors,
  type Shape,
  type StoredTensor,
  type StoredTensors,
  sameShape,
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
import { type Learner, newLearner, type Optimizer, optimizerOf, tensorMismatch } from '@cpnas/training'
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
    return newLearner(optimizer, parameters)
  })

const filter = <A>(record: Readonly<Record<string, A>>, keep: (name: string) => boolean): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => keep(name)))

const filterLearner = <T>({ parameters, state, updates }: Learner<T>, keep: (name: string) => boolean): Learner<T> => ({
  parameters: filter(parameters, keep),
  state: Object.fromEntries(Object.entries(state).map(([slot, record]) => [slot, filter(record, keep)])),
  updates: filter(updates, keep),
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
  updates: { ...a.updates, ...b.updates },
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

/** Where a tensor is stored: a parameter of an owner, a slot of its optimizer, or how often the parameter was updated, a scalar. */
export interface StoredPlace {
  readonly owner: string
  readonly slot: string
  readonly name: string
  readonly shape: Shape
}

const keyOf = ({ owner, slot, name }: Omit<StoredPlace, 'shape'>): string => `${owner}.${slot}.${name}`

const updatesSlot = 'updates'

/** Reads all weights back, under the names `child.parameters.NAME`, `child.velocity.NAME` and so on; `counts` where an owner's optimizer does. */
const storeWeights = async <T>(
  backend: Backend<T>,
  weights: Weights<T>,
  counts: (owner: string) => boolean,
): Promise<StoredTensors> => {
  const tensors = Object.entries(weights).flatMap(([owner, { parameters, state }]) =>
    Object.entries({ parameters, ...state }).flatMap(([slot, record]) =>
      Object.entries(record).map(([name, x]) => [keyOf({ owner, slot, name }), x]),
    ),
  )
  const numbers = Object.entries(weights)
    .filter(([owner]) => counts(owner))
    .flatMap(([owner, { updates }]) =>
      Object.entries(updates).map(([name, count]): readonly [string, StoredTensor] => [
        keyOf({ owner, slot: updatesSlot, name }),
        { shape: [], values: Float32Array.of(count) },
      ]),
    )
  return { ...(await readTensors(backend, Object.fromEntries(tensors))), ...Object.fromEntries(numbers) }
}

/** The places of an owner's parameters, and of what its optimizer keeps of each. */
export const placesOfOwner = (owner: string, shapes: Shapes, optimizer: Optimizer): readonly StoredPlace[] =>
  Object.entries(shapes).flatMap(([name, shape]) => [
    ...['parameters', ...Object.keys(optimizer.init())].map(slot => ({ owner, slot, name, shape })),
    ...(optimizer.counts ? [{ owner, slot: updatesSlot, name, shape: [] }] : []),
  ])

/** Where the weights of an architecture are stored, and their shapes. */
export const placesOf = (spec: NetworkSpec, config: SearchConfig, architecture: Architecture): readonly StoredPlace[] =>
  ownersOf(config).flatMap(owner => placesOfOwner(owner.name, shapesOf(spec, architecture, owner), optimizerOf(config)))

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
    placesOf(spec, config, architecture).flatMap(place => {
      const tensor = tensors[keyOf(place)]
      return tensor === undefined ? [] : [[keyOf(place), tensor]]
    }),
  )

/** InvalidCheckpoint if the tensors are not those of the places; what was never trained has no optimizer state and no count. */
const checkPlaces = (places: readonly StoredPlace[], tensors: StoredTensors): Either<CpnasError, StoredTensors> => {
  const known = new Set<string>()
  for (const place of places) {
    const key = keyOf(place)
    const tensor = tensors[key]
    known.add(key)
    const needed =
      place.slot === 'parameters' || (place.slot === updatesSlot && tensors[keyOf({ ...place, slot: 'first' })])
    if (tensor === undefined && needed) return left(tensorMismatch(key, 'is missing'))
    if (tensor && !sameShape(tensor.shape, place.shape))
      return left(tensorMismatch(key, `has shape [${tensor.shape.join(', ')}]`))
  }
  const foreign = Object.keys(tensors).find(key => !known.has(key))
  return foreign === undefined ? right(tensors) : left(tensorMismatch(foreign, 'is no tensor of this search'))
}

/** InvalidCheckpoint if the tensors are not those of the architecture. */
export const checkTensors = (
  spec: NetworkSpec,
  config: SearchConfig,
  architecture: Architecture,
  tensors: StoredTensors,
): Either<CpnasError, StoredTensors> => checkPlaces(placesOf(spec, config, architecture), tensors)

/** The inverse of `storeWeights`; InvalidCheckpoint if the tensors are not those of the places. */
export const restoreWeights = <T>(
  backend: Backend<T>,
  places: readonly StoredPlace[],
  tensors: StoredTensors,
): Either<CpnasError, Weights<T>> =>
  pipe(
    checkPlaces(places, tensors),
    map(() => {
      const weights: Record<string, Learner<T>> = {}
      for (const place of places) {
        const { owner, slot, name, shape } = place
        const { parameters, state, updates } = weights[owner] ?? { parameters: {}, state: {}, updates: {} }
        const stored = tensors[keyOf(place)]
        const put = <A>(record: Readonly<Record<string, A>> = {}, make: (values: ArrayLike<number>) => A) =>
          stored === undefined ? record : { ...record, [name]: make(stored.values) }
        const tensor = (values: ArrayLike<number>): T => backend.tensor(values, shape)
        weights[owner] =
          slot === 'parameters'
            ? { parameters: put(parameters, tensor), state, updates }
            : slot === updatesSlot
              ? { parameters, state, updates: put(updates, values => values[0]!) }
              : { parameters, state: { ...state, [slot]: put(state[slot], tensor) }, updates }
      }
      return weights
    }),
  )

/** What every evaluator on shared weights does with them between proposals. `others` are optimizers of owners that are no networks. */
export const weightsKeeping = <T>(
  {
    backend,
    config,
    spec,
  }: { readonly backend: Backend<T>; readonly config: SearchConfig; readonly spec: NetworkSpec },
  others: Readonly<Record<string, Optimizer>> = {},
): Pick<Evaluator<Weights<T>>, 'begin' | 'prune' | 'store' | 'dispose'> => {
  const optimizer = optimizerOf(config)
  return {
    begin: (remaining, stored) =>
      stored === undefined
        ? right(initialWeights(backend, spec, config, remaining, optimizer))
        : restoreWeights(backend, placesOf(spec, config, remaining), stored),
    prune: (weights, remaining) => prune(backend, weights, spec, config, remaining),
    store: weights => storeWeights(backend, weights, owner => (others[owner] ?? optimizer).counts),
    dispose: weights => backend.dispose(weights),
  }
}
