import type { TensorRecord } from '@cpnas/backends'
import type { Interruption } from '@cpnas/core'
import { catchReadError } from '@cpnas/data'
import { latentNames, type NetworkKind, network } from '@cpnas/supernet'
import {
  type Batch,
  type BatchSource,
  batchTensors,
  distillationLoss,
  type Evaluation,
  evaluate,
  finite,
  type Learner,
  newLearner,
  optimize,
  optimizerOf,
  overBatches,
  softTargets,
} from '@cpnas/training'
import { type Either, left, map, right } from 'fp-ts/lib/Either.js'
import { candidatesOf } from '../config.js'
import type { Evaluator, Reporter } from '../evaluator.js'
import type { SearchLength } from '../strategy.js'
import {
  architectureOptimizer,
  architectureOwner,
  architectureShapes,
  initialArchitecture,
  mixedBy,
  preferencesOf,
  relaxationOf,
} from './architecture.js'
import { type BatchSetting, batchesOfTraining, costOfBatches, type ProposalBatches } from './batches.js'
import { ratesOf } from './rates.js'
import type { SearchContext } from './shared-weights.js'
import { type Covariance, noCovariance, tangentPropagation } from './tangent.js'
import {
  networksOf,
  ownersOf,
  placesOf,
  placesOfOwner,
  restoreWeights,
  type Weights,
  weightsKeeping,
} from './weights.js'

/** A batch to train the weights with, and one to train the architecture with where that is trained, too. */
interface Pair extends Batch {
  readonly search?: Batch
}

/**
 * Every step of a sample trains the weights of a network with one batch and the architecture with another. Where there is a Parent, the Child
 * learns both from what the Parent makes of the batch.
 */
export const batchesOfRelaxation = (setting: BatchSetting): ProposalBatches => {
  const { warmup, sample } = batchesOfTraining({ ...setting, config: { ...setting.config, epochsPerSample: 1 } })
  const taught = networksOf(setting.config).length > 1 ? 2 * setting.splits.trainingSteps : 0
  return { warmup, sample: { trained: 2 * sample.trained, evaluated: sample.evaluated + taught } }
}

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

/** An epoch of one network. */
interface Phase<T> {
  readonly kind: NetworkKind
  /** Of the epoch, over the whole search: decides the order of the images, and the learning rate. */
  readonly index: number
  /** Whether it trains the architecture, too. */
  readonly searches: boolean
  /** The mean gradient of the Parent's loss by the architecture, where the Child is held to the Parent. */
  readonly tangent?: TensorRecord<T> | undefined
}

/** What a step of a phase passes on to the next one. */
interface Carried<T> {
  readonly network: Learner<T>
  readonly architecture: Learner<T>
  /** The architecture's weights at the beginning, where the Child learns from the Parent of that architecture. */
  readonly inherited: TensorRecord<T> | undefined
  /** The sum of the gradients by the architecture. */
  readonly gradients: TensorRecord<T> | undefined
  readonly covariance: Covariance<T>
}

/** The result of a phase: the mean training loss, and the mean gradient by the architecture. */
interface PhaseResult<T> {
  readonly loss: number
  readonly gradient: TensorRecord<T> | undefined
}

/**
 * `relaxed`: every edge computes all of its operations and adds them up, each with a share, the softmax of weights that are learned: by Adam, from
 * the Child's loss on a batch of the validation split, before every step of the network's own weights (the first-order approximation of DARTS,
 * arXiv 1806.09055). A proposal is an epoch of this, whatever its architecture, and is evaluated with all operations; a warm-up epoch trains
 * the network's weights alone. With `Relaxation.partialChannels` and `weighsEdges` as in PC-DARTS (arXiv 1907.05737).
 *
 * With `Relaxation.tangentWeight` a proposal is an epoch of the Parent, which trains the architecture as above, then one of the Child, which
 * inherits the architecture and trains it on (DCP-NAS, arXiv 2306.15390): its loss is KL(Parent || Child), and the gradient by the
 * architecture is held to the mean one of the Parent's epoch, see `tangentPropagation`.
 *
 * Deviations: the architecture's weights begin at 0 instead of noise of 0.001; validation images are not augmented, and come in the same order
 * in every epoch.
 */
export const relaxed = <T>(context: SearchContext<T>, length: SearchLength): Evaluator<Weights<T>> => {
  const { backend, config, splits, signal } = context
  const { partialChannels, tangentWeight } = relaxationOf(config)
  const spec = { ...context.spec, partialChannels }
  const everywhere = candidatesOf(config)
  const keeping = weightsKeeping({ backend, config, spec }, { [architectureOwner]: architectureOptimizer })
  const networks = networksOf(config)
  const owners = ownersOf(config)
  const ownerOf = (kind: NetworkKind): string => owners.find(owner => owner.networks.includes(kind))!.name
  const forwards = { child: network(spec, everywhere, 'child'), parent: network(spec, everywhere, 'parent') }
  const latent = latentNames(spec, everywhere)
  const shapes = architectureShapes(config)
  const rates = ratesOf(config, { epochs: length.warmups + length.samples, steps: splits.trainingSteps })
  const weightOptimizer = optimizerOf(config)

  const logitsOf = (kind: NetworkKind, parameters: TensorRecord<T>, shares: TensorRecord<T>, images: T): T =>
    forwards[kind](backend, parameters, images, mixedBy(backend, config, shares)).logits

  /** What the Parent makes of the images with the architecture that the Child began with, if the Child learns from it. */
  const targetsOf = (weights: Weights<T>, { network, inherited }: Carried<T>, images: T) => {
    const parent = ownerOf('parent') === ownerOf('child') ? network : weights[ownerOf('parent')]!
    return softTargets(backend, logitsOf('parent', parent.parameters, inherited!, images), 1)
  }

  /** A step of the architecture on a batch of its own. */
  const choose = (weights: Weights<T>, { kind, tangent }: Phase<T>, carried: Carried<T>, batch: Batch): Carried<T> => {
    const { images, labels } = batchTensors(backend, batch)
    const targets = tangent && targetsOf(weights, carried, images)
    const found = backend.valueAndGrad((shares: TensorRecord<T>) => {
      const logits = logitsOf(kind, carried.network.parameters, shares, images)
      return {
        value: targets
          ? distillationLoss(backend, logits, labels, targets, 1)
          : backend.softmaxCrossEntropy(logits, labels),
      }
    }, carried.architecture.parameters)
    const { gradients, covariance } = tangent
      ? tangentPropagation(backend, found.gradients, tangent, carried.covariance, tangentWeight!)
      : { gradients: found.gradients, covariance: carried.covariance }
    const sum = carried.gradients
    return {
      ...carried,
      architecture: architectureOptimizer.update(backend, gradients, carried.architecture, {
        learningRate: config.architectureLearningRate,
      }),
      gradients:
        sum && Object.fromEntries(Object.entries(sum).map(([name, x]) => [name, backend.add(x, gradients[name]!)])),
      covariance,
    }
  }

  /** Consumes the weights of the network and of the architecture. */
  const train = async (
    weights: Weights<T>,
    phase: Phase<T>,
    where: string,
    report: Reporter,
  ): Promise<{ readonly weights: Weights<T>; readonly result: Either<Interruption, PhaseResult<T>> }> => {
    const { kind, index, searches, tangent } = phase
    const owner = ownerOf(kind)
    const { learningRate, rateAt } = rates(index)
    const { [architectureOwner]: architecture, [owner]: network } = weights
    const copied = (record: TensorRecord<T>, factor: number): TensorRecord<T> =>
      Object.fromEntries(Object.entries(record).map(([name, x]) => [name, backend.mul(x, factor)]))
    const carried: Carried<T> = {
      network: network!,
      architecture: architecture!,
      inherited: tangent && copied(architecture!.parameters, 1),
      // The sum begins at 0.
      gradients: kind === 'parent' && searches ? copied(architecture!.parameters, 0) : undefined,
      covariance: noCovariance,
    }
    let step = 0
    const training = splits.training(index + 1)
    const result = await catchReadError(() =>
      overBatches<T, Carried<T>, Pair>(
        backend,
        { carried, sums: [], count: 0 },
        searches ? paired(training, splits.validation, config.batchSize) : training,
        { onStep: report(searches ? 'train' : 'warmup', kind, splits.trainingSteps), signal },
        (carried, images, labels, { search }) => {
          const chosen = search === undefined ? carried : choose(weights, phase, carried, search)
          const targets = tangent && targetsOf(weights, chosen, images)
          const trained = optimize(
            backend,
            chosen.network,
            parameters => {
              const logits = logitsOf(kind, parameters, chosen.architecture.parameters, images)
              const loss = targets
                ? distillationLoss(backend, logits, labels, targets, 1)
                : backend.softmaxCrossEntropy(logits, labels)
              return { value: loss, aux: loss }
            },
            {
              optimizer: weightOptimizer,
              learningRate: rateAt(step),
              gradientClip: config.gradientClip,
              latent: owner === ownerOf('child') ? latent : [],
            },
          )
          step += 1
          return { carried: { ...chosen, network: trained.learner }, terms: [{ x: trained.aux, mean: true }] }
        },
      ),
    )
    const empty = newLearner<T>(weightOptimizer, {})
    if (result._tag === 'Left') return { weights: { ...weights, [owner]: empty, [architectureOwner]: empty }, result }
    const { carried: last, sums, count, stopped } = result.right
    const losses = finite(
      sums.map(sum => sum / count),
      where,
      `Lower learningRate (now ${learningRate}), architectureLearningRate (now ${config.architectureLearningRate}) or gradientClip (now ${config.gradientClip || 'none'}) in a new run`,
    )
    const gradient = last.gradients && copied(last.gradients, 1 / splits.trainingSteps)
    backend.dispose([last.inherited, last.gradients, last.covariance.mean])
    const outcome: Either<Interruption, PhaseResult<T>> = stopped
      ? left('stopped')
      : map((losses: readonly number[]) => ({ loss: losses[0]!, gradient }))(losses)
    if (outcome._tag === 'Left') backend.dispose(gradient)
    return {
      weights: { ...weights, [owner]: last.network, [architectureOwner]: last.architecture },
      result: outcome,
    }
  }

  /** The epochs of a proposal, the Parent's first, and the mean loss of each network. */
  const trainAll = async (
    weights: Weights<T>,
    { index, searches }: Pick<Phase<T>, 'index' | 'searches'>,
    where: string,
    report: Reporter,
  ): Promise<{
    readonly weights: Weights<T>
    readonly losses: Either<Interruption, Partial<Record<NetworkKind, number>>>
  }> => {
    const kinds: readonly NetworkKind[] = networks.length > 1 ? ['parent', 'child'] : ['child']
    const losses: Partial<Record<NetworkKind, number>> = {}
    let current = weights
    let tangent: TensorRecord<T> | undefined
    for (const kind of kinds) {
      const phase: Phase<T> = {
        kind,
        index,
        searches,
        tangent,
      }
      const trained = await train(current, phase, kinds.length > 1 ? `${where}, ${kind}` : where, report)
      backend.dispose(tangent)
      current = trained.weights
      if (trained.result._tag === 'Left') return { weights: current, losses: trained.result }
      losses[kind] = trained.result.right.loss
      tangent = trained.result.right.gradient
    }
    return { weights: current, losses: right(losses) }
  }

  /** The networks with all of their operations, on the validation split. */
  const evaluateAll = async (
    weights: Weights<T>,
    where: string,
    report: Reporter,
  ): Promise<Either<Interruption, Partial<Record<NetworkKind, Evaluation>>>> => {
    const shares = weights[architectureOwner]!.parameters
    const evaluations: Partial<Record<NetworkKind, Evaluation>> = {}
    for (const kind of networks) {
      const evaluated = await catchReadError(() =>
        evaluate(
          backend,
          weights[ownerOf(kind)]!.parameters,
          (_, parameters, images) => ({ logits: logitsOf(kind, parameters, shares, images) }),
          splits.validation,
          { where: `${where}, validation`, onStep: report('evaluate', kind, splits.validationSteps), signal },
        ),
      )
      if (evaluated._tag === 'Left') return evaluated
      const { result, stopped } = evaluated.right
      if (stopped) return left('stopped')
      if (result._tag === 'Left') return result
      evaluations[kind] = result.right
    }
    return right(evaluations)
  }

  return {
    cost: costOfBatches(batchesOfRelaxation(context)),
    begin: (_, stored) =>
      stored === undefined
        ? map((network: Weights<T>) => ({ ...network, [architectureOwner]: initialArchitecture(backend, shapes) }))(
            keeping.begin(everywhere, undefined),
          )
        : restoreWeights(
            backend,
            [...placesOf(spec, config, everywhere), ...placesOfOwner(architectureOwner, shapes, architectureOptimizer)],
            stored,
          ),
    evaluate: async (given, proposal, { warmups, samples }, report) => {
      const isSample = proposal.type === 'sample'
      const where = isSample ? `epoch ${samples + 1} of the architecture` : `warm-up epoch ${warmups + 1}`
      const epoch = { index: warmups + samples, searches: isSample }
      const { weights, losses: trained } = await trainAll(given, epoch, where, report)
      if (trained._tag === 'Left') return { weights, observation: trained }
      const losses = { ...trained.right, child: trained.right.child! }
      if (!isSample) return { weights, observation: right({ proposal, losses }) }
      const evaluated = await evaluateAll(weights, where, report)
      if (evaluated._tag === 'Left') return { weights, observation: evaluated }
      const evaluations = { ...evaluated.right, child: evaluated.right.child! }
      const preferences = await preferencesOf(backend, config, weights[architectureOwner]!.parameters)
      return { weights, observation: right({ proposal, losses, evaluations, preferences }) }
    },
    prune: weights => weights,
    store: keeping.store,
    dispose: keeping.dispose,
  }
}
