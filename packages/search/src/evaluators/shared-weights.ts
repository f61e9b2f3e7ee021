import type { Interruption } from '@cpnas/core'
import { catchReadError } from '@cpnas/data'
import {
  type Genotype,
  latentNames,
  type NetworkKind,
  type NetworkSpec,
  network,
  parameterShapes,
} from '@cpnas/supernet'
import { type Context, type Evaluation, evaluate, optimizerOf, trainEpoch } from '@cpnas/training'
import { type Either, left, map, right } from 'fp-ts/lib/Either.js'
import type { SearchConfig } from '../config.js'
import type { Evaluator, Reporter } from '../evaluator.js'
import type { Observation, Proposal, SearchLength } from '../strategy.js'
import type { PerNetwork } from '../types.js'
import { batchesOfTraining, costOfBatches } from './batches.js'
import { type Rates, ratesOf } from './rates.js'
import { initialWeights, merge, type Owner, ownersOf, partition, type Weights, weightsKeeping } from './weights.js'

/** What an evaluator that trains needs. */
export interface SearchContext<T> extends Context<T, SearchConfig> {
  readonly spec: NetworkSpec
}

/** The work on one architecture: its name in errors and the reporter of its steps. */
interface Work {
  readonly architecture: Genotype
  readonly where: string
  readonly report: Reporter
}

/** An epoch: its number from 0, over the whole search where weights are shared, which decides the order of the images, and its rates. */
interface Epoch extends Rates {
  readonly index: number
}

/** The weights that replace those given, and the result of the work. */
interface Trained<T> {
  readonly weights: Weights<T>
  readonly losses: Either<Interruption, PerNetwork<number>>
}

/** Epochs of a search of so many proposals; each trains all networks of an architecture. */
const epochsOf = ({ epochsPerSample }: SearchConfig, { warmups, samples }: SearchLength): number =>
  warmups + epochsPerSample * samples

/** Trains the networks of a proposal and, if it is a sample, evaluates them. */
const workOn = async <T>(
  context: SearchContext<T>,
  weights: Weights<T>,
  proposal: Proposal,
  epochs: readonly Epoch[],
  report: Reporter,
): Promise<{ readonly weights: Weights<T>; readonly observation: Either<Interruption, Observation> }> => {
  const { round, pass, sample } = proposal.position
  const isSample = proposal.type === 'sample'
  const where = isSample ? `round ${round}, pass ${pass}, sample ${sample}` : `warm-up epoch ${epochs[0]!.index + 1}`
  const work = { architecture: proposal.architecture, where, report }
  const trained = await trainArchitecture(context, weights, work, isSample ? 'train' : 'warmup', epochs)
  if (trained.losses._tag === 'Left') return { weights: trained.weights, observation: trained.losses }
  const { right: losses } = trained.losses
  if (!isSample) return { weights: trained.weights, observation: right({ proposal, losses }) }
  const evaluated = await evaluateArchitecture(context, trained.weights, work)
  return {
    weights: trained.weights,
    observation: map((evaluations: PerNetwork<Evaluation>) => ({ proposal, losses, evaluations }))(evaluated),
  }
}

/**
 * `shared-weights`: every architecture is trained for `epochsPerSample` epochs on the weights that all of them share, a set for the
 * Child and one for the Parent or one for both, then evaluated on the validation split with batch statistics. The schedule
 * of the learning rate is one over the whole search. Source: CP-NAS (arXiv 2005.00057); ENAS (arXiv 1802.03268) for the sharing.
 */
export const sharedWeights = <T>(context: SearchContext<T>, length: SearchLength): Evaluator<Weights<T>> => {
  const { config } = context
  const rates = ratesOf(config, { epochs: epochsOf(config, length), steps: context.splits.trainingSteps })
  return {
    ...weightsKeeping(context),
    cost: costOfBatches(batchesOfTraining(context)),
    evaluate: (weights, proposal, done, report) => {
      const first = epochsOf(config, done)
      const epochs = proposal.type === 'warmup' ? 1 : config.epochsPerSample
      return workOn(
        context,
        weights,
        proposal,
        Array.from({ length: epochs }, (_, i) => ({ index: first + i, ...rates(first + i) })),
        report,
      )
    },
  }
}

/** The epochs of a sample that is trained by itself. */
const epochsAlone = <T>({ config, splits }: SearchContext<T>, epochs: number): readonly Epoch[] => {
  const rates = ratesOf(config, { epochs, steps: splits.trainingSteps })
  return Array.from({ length: epochs }, (_, index) => ({ index, ...rates(index) }))
}

/**
 * `scratch`: every architecture is trained for `epochsPerSample` epochs, or as many as its proposal says, from weights of its own, which begin the same for
 * all, with a schedule of its own, then evaluated as with shared weights. Nothing is carried from one to the next.
 */
export const scratch = <T>(context: SearchContext<T>): Evaluator<undefined> => {
  const { backend, config, spec } = context
  return {
    cost: costOfBatches(batchesOfTraining(context)),
    begin: () => right(undefined),
    evaluate: async (_, proposal, __, report) => {
      const begun = initialWeights(backend, spec, config, proposal.architecture, optimizerOf(config))
      const { weights, observation } = await workOn(
        context,
        begun,
        proposal,
        epochsAlone(context, proposal.epochs ?? config.epochsPerSample),
        report,
      )
      backend.dispose(weights)
      return { weights: undefined, observation }
    },
    prune: () => undefined,
    store: async () => ({}),
    dispose: () => {},
  }
}

/**
 * Trains the networks of an architecture for the given epochs: each on its own weights, or both by the sum of their losses where they
 * share them. Consumes the weights. Returns the mean losses of the last epoch.
 */
const trainArchitecture = async <T>(
  context: SearchContext<T>,
  weights: Weights<T>,
  work: Work,
  phase: 'warmup' | 'train',
  epochs: readonly Epoch[],
): Promise<Trained<T>> => {
  let current = weights
  const losses: Partial<Record<NetworkKind, number>> = {}
  for (const owner of ownersOf(context.config))
    for (const epoch of epochs) {
      const trained = await trainOwner(context, current, work, phase, owner, epoch)
      current = trained.weights
      if (trained.losses._tag === 'Left') return { weights: current, losses: trained.losses }
      for (const [i, kind] of owner.networks.entries()) losses[kind] = trained.losses.right[i]!
    }
  return { weights: current, losses: right({ ...losses, child: losses.child! }) }
}

const trainOwner = async <T>(
  { backend, config, spec, splits, signal }: SearchContext<T>,
  weights: Weights<T>,
  { architecture, where, report }: Work,
  phase: 'warmup' | 'train',
  { name, networks }: Owner,
  { index, ...rates }: Epoch,
): Promise<{ readonly weights: Weights<T>; readonly losses: Either<Interruption, readonly number[]> }> => {
  const names = new Set(Object.keys(parameterShapes(spec, architecture, networks[0])))
  const { selected, rest } = partition(weights[name]!, names)
  const [first, ...others] = networks.map(kind => network(spec, architecture, kind))
  const result = await catchReadError(() =>
    trainEpoch<T>(backend, selected, [first!, ...others], splits.training(index + 1), {
      ...rates,
      optimizer: optimizerOf(config),
      gradientClip: config.gradientClip,
      latent: networks.includes('child') ? latentNames(spec, architecture) : [],
      where: `${where}, ${networks.join(' and ')}`,
      onStep: report(phase, networks.length > 1 ? 'both' : networks[0], splits.trainingSteps),
      signal,
    }),
  )
  if (result._tag === 'Left') return { weights: { ...weights, [name]: rest }, losses: result }
  const { learner, losses, stopped } = result.right
  return { weights: { ...weights, [name]: merge(rest, learner) }, losses: stopped ? left('stopped') : losses }
}

/** Accuracy and loss of the networks on the validation split, with batch statistics. */
export const evaluateArchitecture = async <T>(
  { backend, config, spec, splits, signal }: SearchContext<T>,
  weights: Weights<T>,
  { architecture, where, report }: Work,
): Promise<Either<Interruption, PerNetwork<Evaluation>>> => {
  const evaluations: Partial<Record<NetworkKind, Evaluation>> = {}
  for (const { name, networks } of ownersOf(config))
    for (const kind of networks) {
      const result = await catchReadError(() =>
        evaluate(backend, weights[name]!.parameters, network(spec, architecture, kind), splits.validation, {
          where: `${where}, ${kind}, validation`,
          onStep: report('evaluate', kind, splits.validationSteps),
          signal,
        }),
      )
      if (result._tag === 'Left') return result
      if (result.right.stopped) return left('stopped')
      if (result.right.result._tag === 'Left') return result.right.result
      evaluations[kind] = result.right.result.right
    }
  return right({ ...evaluations, child: evaluations.child! })
}
