import type { Backend, Shape, TensorRecord } from '@cpnas/backends'
import { type CellKind, type ForwardMode, spaceOf } from '@cpnas/supernet'
import { adam, type Learner, newLearner } from '@cpnas/training'
import { candidatesOf, type SearchConfig } from '../config.js'
import { strategies } from '../strategies/index.js'
import { searchedKinds } from '../strategies/samples.js'
import type { Preferences, Relaxation } from '../strategy.js'

/** Adam's settings for the architecture's weights, in DARTS and PC-DARTS. */
export const architectureOptimizer = adam({ beta1: 0.5, beta2: 0.999, weightDecay: 1e-3 })

/** Whose weights those of the architecture are, beside those of the network. */
export const architectureOwner = 'architecture'

/** How the strategy of a search relaxes the choice. */
export const relaxationOf = ({ strategy }: Pick<SearchConfig, 'strategy'>): Relaxation =>
  strategies[strategy]!.relaxation!

const operationsName = (kind: CellKind): string => `${kind}.operations`
const edgesName = (kind: CellKind): string => `${kind}.edges`

/** The architecture's weights: [edges, operations] for each kind of cell, and [edges] where edges are weighted. */
export const architectureShapes = (config: SearchConfig): Readonly<Record<string, Shape>> => {
  const candidates = candidatesOf(config)
  return Object.fromEntries(
    searchedKinds(config).flatMap(kind => {
      const edges = candidates[kind].length
      const operations: [string, Shape] = [operationsName(kind), [edges, candidates[kind][0]!.length]]
      return relaxationOf(config).weighsEdges ? [operations, [edgesName(kind), [edges]]] : [operations]
    }),
  )
}

/** The shares that the architecture's weights stand for, by kind of cell: [edges, operations] and [edges]. */
const sharesOf = <T>(backend: Backend<T>, config: SearchConfig, weights: TensorRecord<T>) => {
  const { edges } = spaceOf(config)
  const meets = edges.flatMap(a => edges.map(b => (a.to === b.to ? 1 : 0)))
  const of = (kind: CellKind) => {
    const exponentials = backend.exp(weights[operationsName(kind)]!)
    const sums = backend.reshape(backend.sum(exponentials, [1]), [edges.length, 1])
    const ofEdges = weights[edgesName(kind)]
    if (ofEdges === undefined) return { operations: backend.div(exponentials, sums) }
    const column = backend.reshape(backend.exp(ofEdges), [edges.length, 1])
    const inNode = backend.matMul(backend.tensor(meets, [edges.length, edges.length]), column)
    return { operations: backend.div(exponentials, sums), edges: backend.div(column, inNode) }
  }
  return Object.fromEntries(searchedKinds(config).map(kind => [kind, of(kind)])) as Partial<
    Record<CellKind, ReturnType<typeof of>>
  >
}

/** How a network is run whose operations and edges count by those shares. */
export const mixedBy = <T>(backend: Backend<T>, config: SearchConfig, weights: TensorRecord<T>): ForwardMode<T> => {
  const shares = sharesOf(backend, config, weights)
  const candidates = candidatesOf(config)
  const at = (x: T, row: number, column: number): T => backend.reshape(backend.slice(x, [row, column], [1, 1]), [])
  const factorsOf = (kind: CellKind) => {
    const { operations, edges } = (shares[kind] ?? shares.normal)!
    return candidates[kind].map((names, edge) => ({
      operations: new Map(names.map((name, i) => [name, at(operations, edge, i)])),
      edge: edges && at(edges, edge, 0),
    }))
  }
  const normal = factorsOf('normal')
  const factors = { normal, reduce: shares.reduce === undefined ? normal : factorsOf('reduce') }
  return {
    weight: ({ kind, edge, operation }) => factors[kind][edge]!.operations.get(operation),
    edgeWeight: ({ kind, edge }) => factors[kind][edge]!.edge,
  }
}

/** What the architecture's weights say of every kind of cell. */
export const preferencesOf = async <T>(
  backend: Backend<T>,
  config: SearchConfig,
  weights: TensorRecord<T>,
): Promise<Readonly<Record<CellKind, Preferences>>> => {
  const shares = backend.scope(() => sharesOf(backend, config, weights))
  const read = async (kind: CellKind): Promise<Preferences> => {
    const { operations, edges } = shares[kind]!
    const [rows = 0, columns = 0] = backend.shape(operations)
    const values = await backend.read(operations)
    return {
      operations: Array.from({ length: rows }, (_, row) => [...values.slice(row * columns, (row + 1) * columns)]),
      ...(edges && { edges: [...(await backend.read(edges))] }),
    }
  }
  const normal = await read('normal')
  const reduce = shares.reduce === undefined ? normal : await read('reduce')
  backend.dispose(shares)
  return { normal, reduce }
}

/** All weights 0, so that all shares are equal. */
export const initialArchitecture = <T>(backend: Backend<T>, shapes: Readonly<Record<string, Shape>>): Learner<T> =>
  newLearner(
    architectureOptimizer,
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, backend.full(0, shape)])),
  )
