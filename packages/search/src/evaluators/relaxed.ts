import type { Backend, Shape, TensorRecord } from '@cpnas/backends'
import type { Interruption } from '@cpnas/core'
import { catchReadError } from '@cpnas/data'
import { type CellKind, type ForwardMode, latentNames, network, spaceOf } from '@cpnas/supernet'
import {
  adam,
  type Batch,
  type BatchSource,
  batchTensors,
  cosine,
  evaluate,
  finite,
  type Learner,
  optimize,
  overBatches,
  sgd,
  trainingStepWork,
} from '@cpnas/training'
import { type Either, left, map, right } from 'fp-ts/lib/Either.js'
import { candidatesOf, type SearchConfig } from '../config.js'
import type { Evaluator, Reporter } from '../evaluator.js'
import { strategies } from '../strategies/index.js'
import { searchedKinds } from '../strategies/samples.js'
import type { Preferences, Relaxation, SearchLength } from '../strategy.js'
import type { BatchSetting, ProposalBatches } from './batches.js'
import type { SearchContext } from './shared-weights.js'
import { ownersOf, placesOf, placesOfOwner, restoreWeights, type Weights, weightsKeeping } from './weights.js'

/** Adam's settings for the architecture's weights, in DARTS and PC-DARTS. */
const architectureOptimizer = adam({ beta1: 0.5, beta2: 0.999, weightDecay: 1e-3 })

/** Whose weights those of the architecture are, beside those of the network. */
const architectureOwner = 'architecture'

const relaxationOf = ({ strategy }: Pick<SearchConfig, 'strategy'>): Relaxation => strategies[strategy]!.relaxation!

const operationsName = (kind: CellKind): string => `${kind}.operations`
const edgesName = (kind: CellKind): string => `${kind}.edges`

/** The architecture's weights: [edges, operations] for each kind of cell, and [edges] where edges are weighted. */
const architectureShapes = (config: SearchConfig): Readonly<Record<string, Shape>> => {
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
const mixedBy = <T>(backend: Backend<T>, config: SearchConfig, weights: TensorRecord<T>): ForwardMode<T> => {
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

/** A batch to train the weights with, and one to train the architecture with where that is trained, too. */
interface Pair extends Batch {
  readonly search?: Batch
}

/** Every step of a sample trains the weights with one batch and the architecture with another; only the Child is trained. */
export const batchesOfRelaxation = ({ splits: { trainingSteps, validationSteps } }: BatchSetting): ProposalBatches => ({
  warmup: { trained: trainingSteps, evaluated: 0 },
  sample: { trained: 2 * trainingSteps, evaluated: validationSteps },
})

/** The training batches, each with one of the validation split: whole ones in turn. */
async function* paired(training: BatchSource, validation: BatchSource, size: number): AsyncGenerator<Pair> {
  const whole = async function* (): AsyncGenerator<Batch, void> {
    for (;;) for await (const batch of validation) if (batch.shape[0] === size) yield batch
  }
  const searching = whole()
  try {
    for await (const batch of training) yield { ...batch, search: (await searching.next()).value as Batch }
  } finally {
    // Lets go of what loads its next batches.
    await searching.return(undefined)
  }
}

const preferencesOf = async <T>(
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

/**
 * `relaxed`: every edge computes all of its operations and adds them up, each with a share, the softmax of weights that are learned: by Adam, from
 * the Child's loss on a batch of the validation split, before every step of the network's own weights (the first-order approximation of DARTS,
 * arXiv 1806.09055). A proposal is an epoch of this, whatever its architecture, and is evaluated with all operations; a warm-up epoch trains
 * the network's weights alone. With `Relaxation.partialChannels` and `weighsEdges` as in PC-DARTS (arXiv 1907.05737).
 *
 * Deviations: the architecture's weights begin at 0 instead of noise of 0.001; validation images are not augmented, and come in the same order
 * in every epoch.
 */
export const relaxed = <T>(context: SearchContext<T>, length: SearchLength): Evaluator<Weights<T>> => {
  const { backend, config, splits, signal } = context
  const { learningRate: initial, minLearningRate: minimum } = config
  const { partialChannels } = relaxationOf(config)
  const spec = { ...context.spec, partialChannels }
  const everywhere = candidatesOf(config)
  const keeping = weightsKeeping({ backend, config, spec })
  const owner = ownersOf(config)[0]!.name
  const forward = network(spec, everywhere, 'child')
  const latent = latentNames(spec, everywhere)
  const shapes = architectureShapes(config)
  const epochs = length.warmups + length.samples
  const weightOptimizer = sgd(config)

  /** An epoch; the number of those that trained the architecture before it, or undefined if this one does not. Consumes the weights. */
  const trainEpoch = async (
    weights: Weights<T>,
    index: number,
    searched: number | undefined,
    where: string,
    report: Reporter,
  ): Promise<{ readonly weights: Weights<T>; readonly loss: Either<Interruption, number> }> => {
    const learningRate = cosine({ initial, minimum, total: epochs }, index)
    const phase = searched === undefined ? 'warmup' : 'train'
    let step = (searched ?? 0) * splits.trainingSteps
    const training = splits.training(index + 1)
    const result = await catchReadError(() =>
      overBatches<T, { readonly child: Learner<T>; readonly architecture: Learner<T> }, Pair>(
        backend,
        { carried: { child: weights[owner]!, architecture: weights[architectureOwner]! }, sums: [], count: 0 },
        searched === undefined ? training : paired(training, splits.validation, config.batchSize),
        { onStep: report(phase, 'child', splits.trainingSteps), signal },
        ({ child, architecture }, images, labels, { search }) => {
          const lossOf = (parameters: TensorRecord<T>, shares: TensorRecord<T>, images: T, labels: T) =>
            backend.softmaxCrossEntropy(
              forward(backend, parameters, images, mixedBy(backend, config, shares)).logits,
              labels,
            )
          const choose = (batch: Batch): Learner<T> => {
            const searching = batchTensors(backend, batch)
            step += 1
            return optimize(
              backend,
              architecture,
              shares => ({
                value: lossOf(child.parameters, shares, searching.images, searching.labels),
                aux: undefined,
              }),
              { optimizer: architectureOptimizer, learningRate: config.architectureLearningRate, step },
            ).learner
          }
          const chosen = search === undefined ? architecture : choose(search)
          const trained = optimize(
            backend,
            child,
            parameters => {
              const loss = lossOf(parameters, chosen.parameters, images, labels)
              return { value: loss, aux: loss }
            },
            { optimizer: weightOptimizer, learningRate, gradientClip: config.gradientClip, latent },
          )
          return { carried: { child: trained.learner, architecture: chosen }, terms: [{ x: trained.aux, mean: true }] }
        },
      ),
    )
    if (result._tag === 'Left') return { weights: {}, loss: result }
    const { carried, sums, count, stopped } = result.right
    const losses = finite(
      sums.map(sum => sum / count),
      where,
      `Lower learningRate (now ${initial}), architectureLearningRate (now ${config.architectureLearningRate}) or gradientClip (now ${config.gradientClip}) in a new run`,
    )
    return {
      weights: { [owner]: carried.child, [architectureOwner]: carried.architecture },
      loss: stopped ? left('stopped' as const) : map((losses: readonly number[]) => losses[0]!)(losses),
    }
  }

  return {
    cost: {
      warmup: trainingStepWork * splits.trainingSteps,
      sample: trainingStepWork * splits.trainingSteps + splits.validationSteps,
    },
    begin: (_, stored) =>
      stored === undefined
        ? map((network: Weights<T>) => ({ ...network, [architectureOwner]: initialArchitecture(backend, shapes) }))(
            keeping.begin(everywhere, undefined),
          )
        : restoreWeights(
            backend,
            [...placesOf(spec, config, everywhere), ...placesOfOwner(architectureOwner, shapes, architectureSlots)],
            stored,
          ),
    evaluate: async (weights, proposal, { warmups, samples }, report) => {
      const isSample = proposal.type === 'sample'
      const where = isSample ? `epoch ${samples + 1} of the architecture` : `warm-up epoch ${warmups + 1}`
      const trained = await trainEpoch(weights, warmups + samples, isSample ? samples : undefined, where, report)
      if (trained.loss._tag === 'Left') return { weights: trained.weights, observation: trained.loss }
      const losses = { child: trained.loss.right }
      if (!isSample) return { weights: trained.weights, observation: right({ proposal, losses }) }
      const { parameters } = trained.weights[architectureOwner]!
      const evaluated = await catchReadError(() =>
        evaluate(
          backend,
          trained.weights[owner]!.parameters,
          (backend, weights, images) => forward(backend, weights, images, mixedBy(backend, config, parameters)),
          splits.validation,
          { where: `${where}, validation`, onStep: report('evaluate', 'child', splits.validationSteps), signal },
        ),
      )
      if (evaluated._tag === 'Left') return { weights: trained.weights, observation: evaluated }
      const { result, stopped } = evaluated.right
      if (stopped) return { weights: trained.weights, observation: left('stopped') }
      if (result._tag === 'Left') return { weights: trained.weights, observation: result }
      const preferences = await preferencesOf(backend, config, parameters)
      return {
        weights: trained.weights,
        observation: right({ proposal, losses, evaluations: { child: result.right }, preferences }),
      }
    },
    prune: weights => weights,
    store: keeping.store,
    dispose: keeping.dispose,
  }
}

const architectureSlots = Object.keys(architectureOptimizer.init())

const initialArchitecture = <T>(backend: Backend<T>, shapes: Readonly<Record<string, Shape>>): Learner<T> => ({
  parameters: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, backend.full(0, shape)])),
  state: architectureOptimizer.init(),
})
