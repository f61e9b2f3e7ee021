import type { Interruption } from '@cpnas/core'
import { catchReadError } from '@cpnas/data'
import { type Genotype, inSpace, latentNames, network, parameterShapes, samplePass, spaceOf } from '@cpnas/supernet'
import {
  crossEntropies,
  type Evaluation,
  finite,
  newLearner,
  optimize,
  optimizerOf,
  overBatches,
} from '@cpnas/training'
import { type Either, left, map, right } from 'fp-ts/lib/Either.js'
import { candidatesOf } from '../config.js'
import type { Evaluator, Reporter } from '../evaluator.js'
import type { SearchLength } from '../strategy.js'
import type { PerNetwork } from '../types.js'
import { batchesOfEvaluation, costOfBatches } from './batches.js'
import { type Rates, ratesOf } from './rates.js'
import { evaluateArchitecture, type SearchContext } from './shared-weights.js'
import { merge, type Owner, ownersOf, partition, type Weights, weightsKeeping } from './weights.js'

/** The architecture of every step: passes over all operations of every edge, each pass in an order of its own. */
const pathAt = <T>({ config }: SearchContext<T>, step: number): Genotype => {
  const everywhere = candidatesOf(config)
  const inPass = everywhere.normal[0]!.length
  const pass = samplePass(everywhere, config.seed * 2 ** 20 + Math.floor(step / inPass))
  return inSpace(spaceOf(config), pass[step % inPass]!)
}

/** An epoch in which every batch trains the operations of another path. Consumes the weights; gives their replacements and the mean loss of each network. */
const trainPaths = async <T>(
  context: SearchContext<T>,
  weights: Weights<T>,
  { name, networks }: Owner,
  { index, learningRate, rateAt }: Rates & { readonly index: number },
  report: Reporter,
): Promise<{ readonly weights: Weights<T>; readonly losses: Either<Interruption, readonly number[]> }> => {
  const { backend, config, spec, splits, signal } = context
  const optimizer = optimizerOf(config)
  const latent = networks.includes('child') ? latentNames(spec, candidatesOf(config)) : []
  const before = index * splits.trainingSteps
  let step = 0
  const result = await catchReadError(() =>
    overBatches(
      backend,
      { carried: weights[name]!, sums: [], count: 0 },
      splits.training(index + 1),
      { onStep: report('warmup', networks.length > 1 ? 'both' : networks[0], splits.trainingSteps), signal },
      (learner, images, labels) => {
        const path = pathAt(context, before + step)
        const { selected, rest } = partition(learner, new Set(Object.keys(parameterShapes(spec, path, networks[0]))))
        const [first, ...others] = networks.map(kind => network(spec, path, kind))
        const objective = crossEntropies<T>(backend, [first!, ...others], images, labels)
        const { learner: updated, aux } = optimize(backend, selected, objective, {
          optimizer,
          learningRate: rateAt(step),
          gradientClip: config.gradientClip,
          latent,
        })
        step += 1
        return { carried: merge(rest, updated), terms: aux.map(x => ({ x, mean: true })) }
      },
    ),
  )
  if (result._tag === 'Left') return { weights: { ...weights, [name]: newLearner(optimizer, {}) }, losses: result }
  const { carried, sums, count, stopped } = result.right
  const losses = finite(
    sums.map(sum => sum / count),
    `warm-up epoch ${index + 1}, ${networks.join(' and ')}`,
    `Lower learningRate (now ${learningRate}) or gradientClip (now ${config.gradientClip || 'none'}) in a new run`,
  )
  return { weights: { ...weights, [name]: carried }, losses: stopped ? left('stopped') : losses }
}

/**
 * `one-shot`: the weights that all architectures share are trained first, for `warmupEpochs` epochs, in which every batch trains another path; all
 * operations of an edge in turn, so that none is trained more often than another. Then an architecture is only evaluated, on the validation
 * split with batch statistics, so that hundreds of them cost little. Source: Guo et al., Single Path One-Shot NAS (arXiv 1904.00420); the
 * turns are those of Chu et al., FairNAS (arXiv 1907.01845), with an update for every path instead of one for all.
 */
export const oneShot = <T>(context: SearchContext<T>, length: SearchLength): Evaluator<Weights<T>> => {
  const { config } = context
  const rates = ratesOf(config, { epochs: length.warmups, steps: context.splits.trainingSteps })
  return {
    ...weightsKeeping(context),
    cost: costOfBatches(batchesOfEvaluation(context)),
    evaluate: async (weights, proposal, { warmups }, report) => {
      const { architecture, position } = proposal
      if (proposal.type === 'sample') {
        const where = `sample ${position.sample}`
        const evaluated = await evaluateArchitecture(context, weights, { architecture, where, report })
        return {
          weights,
          observation: map((evaluations: PerNetwork<Evaluation>) => ({ proposal, evaluations }))(evaluated),
        }
      }
      const epoch = { index: warmups, ...rates(warmups) }
      let current = weights
      const losses: Partial<Record<'child' | 'parent', number>> = {}
      for (const owner of ownersOf(config)) {
        const trained = await trainPaths(context, current, owner, epoch, report)
        current = trained.weights
        if (trained.losses._tag === 'Left') return { weights: current, observation: trained.losses }
        for (const [i, kind] of owner.networks.entries()) losses[kind] = trained.losses.right[i]!
      }
      return { weights: current, observation: right({ proposal, losses: { ...losses, child: losses.child! } }) }
    },
  }
}
