import type { Backend, CpnasError } from '@cpnas/backends'
import { catchReadError, type SplitBatches } from '@cpnas/data'
import {
  type Genotype,
  latentNames,
  type NetworkKind,
  type NetworkSpec,
  network,
  parameterShapes,
} from '@cpnas/supernet'
import { type Evaluation, evaluate, type Optimizer, trainEpoch } from '@cpnas/training'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { SearchConfig } from './config.js'
import { learningRate } from './plan.js'
import type { Reporter } from './progress.js'
import { merge, type Owner, ownersOf, partition, type Weights } from './weights.js'

/** What stays the same over a search. */
export interface Context<T> {
  readonly backend: Backend<T>
  readonly config: SearchConfig
  readonly spec: NetworkSpec
  readonly splits: SplitBatches
  readonly optimizer: Optimizer
  readonly signal: AbortSignal | undefined
}

/** What one architecture is worked on with: its name in errors, and who is told of its steps. */
export interface Work {
  readonly architecture: Genotype
  readonly where: string
  readonly report: Reporter
}

/** Why work on an architecture ended early. */
export type Interruption = CpnasError | 'stopped'

export type PerNetwork<A> = Readonly<Record<NetworkKind, A>>

/** The weights, which replace those given, and what came of the work. */
export interface Trained<T> {
  readonly weights: Weights<T>
  readonly losses: Either<Interruption, PerNetwork<number>>
}

/**
 * Trains Child and Parent of an architecture for the given epochs (counted from 0 over the search): each on its own
 * weights, or both by the sum of their losses where they share them. Takes over the weights. Gives the mean losses of the last epoch.
 */
export const trainArchitecture = async <T>(
  context: Context<T>,
  weights: Weights<T>,
  work: Work,
  phase: 'warmup' | 'train',
  epochs: readonly number[],
): Promise<Trained<T>> => {
  let current = weights
  const losses = { child: Number.NaN, parent: Number.NaN }
  for (const owner of ownersOf(context.config))
    for (const epoch of epochs) {
      const trained = await trainOwner(context, current, work, phase, owner, epoch)
      current = trained.weights
      if (trained.losses._tag === 'Left') return { weights: current, losses: trained.losses }
      for (const [i, kind] of owner.networks.entries()) losses[kind] = trained.losses.right[i]!
    }
  return { weights: current, losses: right(losses) }
}

const trainOwner = async <T>(
  { backend, config, spec, splits, optimizer, signal }: Context<T>,
  weights: Weights<T>,
  { architecture, where, report }: Work,
  phase: 'warmup' | 'train',
  { name, networks }: Owner,
  epoch: number,
): Promise<{ readonly weights: Weights<T>; readonly losses: Either<Interruption, readonly number[]> }> => {
  const names = new Set(Object.keys(parameterShapes(spec, architecture, networks[0])))
  const { selected, rest } = partition(weights[name]!, names)
  const [first, ...others] = networks.map(kind => network(spec, architecture, kind))
  const result = await catchReadError(() =>
    trainEpoch<T>(backend, selected, [first!, ...others], splits.training(epoch + 1), {
      optimizer,
      learningRate: learningRate(config, epoch),
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

/** Accuracy and loss of Child and Parent on the validation split, with batch statistics. */
export const evaluateArchitecture = async <T>(
  { backend, config, spec, splits, signal }: Context<T>,
  weights: Weights<T>,
  { architecture, where, report }: Work,
): Promise<Either<Interruption, PerNetwork<Evaluation>>> => {
  const nothing: Evaluation = { accuracy: Number.NaN, loss: Number.NaN }
  const evaluations = { child: nothing, parent: nothing }
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
  return right(evaluations)
}
