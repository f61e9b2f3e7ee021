import type { StoredTensors } from '@cpnas/backends'
import type { Interruption } from '@cpnas/core'
import { type Either, map, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Done, Evaluator, Reporter } from '../evaluator.js'
import type { Observation, Proposal, SearchLength } from '../strategy.js'
import { batchesOfTraining, costOfBatches } from './batches.js'
import { evaluators } from './index.js'
import { mergePass, type PassWeights, passFrom, restorePass, storePass } from './pass-weights.js'
import type { SearchContext } from './shared-weights.js'
import { checkTensors, initialTensors, tensorsFor } from './weights.js'

/** A proposal to work on by itself: with the configuration and the data, the result follows from it. */
export interface SampleWork {
  readonly proposal: Proposal
  /** The proposals before it, which decide the order of its images and its learning rate. */
  readonly done: Done
  /** The weights of its architecture that it begins with, and their momenta; none where it has weights of its own. */
  readonly tensors: StoredTensors
}

/** What was observed, and the weights that are left. */
export interface SampleResult {
  readonly observation: Observation
  readonly tensors: StoredTensors
}

/** Does such work, here or elsewhere. */
export interface Performer {
  /** Works that will be asked for next: they may begin. Default: nothing is done. */
  readonly foresee?: (works: readonly SampleWork[]) => void
  /** Works on one; `report` follows its steps where that is possible. */
  readonly perform: (work: SampleWork, report: Reporter) => Promise<Either<Interruption, SampleResult>>
}

/** Does it here, with the evaluator of the configuration. InvalidCheckpoint for tensors that are not those of the architecture. */
export const performSample =
  <T>(context: SearchContext<T>, length: SearchLength): Performer['perform'] =>
  async ({ proposal, done, tensors }, report) => {
    const evaluator = evaluators[context.config.evaluator]!.create(context, length)
    const begun = evaluator.begin(proposal.architecture, tensors)
    if (begun._tag === 'Left') return begun
    const { weights, observation } = await evaluator.evaluate(begun.right, proposal, done, report)
    const left = await evaluator.store(weights)
    evaluator.dispose(weights)
    return pipe(
      observation,
      map(observed => ({ observation: observed, tensors: left })),
    )
  }

/**
 * Gives every proposal to a performer, with the weights it needs, and puts together what comes back. The samples of a pass begin with the
 * same weights (`parallel`: `pass`); a warm-up is by itself. When each is performed, and where, does not matter. With `scratch` there are
 * no weights.
 */
export const delegated = <T>(
  context: Omit<SearchContext<T>, 'backend'>,
  { perform, foresee }: Performer,
): Evaluator<PassWeights> => {
  const { config, spec } = context
  const { keepsWeights } = evaluators[config.evaluator]!
  const workOf = ({ begin }: PassWeights, proposal: Proposal, done: Done): SampleWork => ({
    proposal,
    done,
    tensors: keepsWeights ? tensorsFor(spec, config, proposal.architecture, begin) : {},
  })
  const after = (
    { begin, trained }: PassWeights,
    { type, position }: Proposal,
    tensors: StoredTensors,
  ): PassWeights => {
    const weights = { begin, trained: [...trained, tensors] }
    return type === 'warmup' || position.sample === position.samples ? passFrom(mergePass(weights)) : weights
  }
  return {
    cost: costOfBatches(batchesOfTraining(context)),
    begin: (remaining, stored) => {
      if (stored === undefined) return right(passFrom(keepsWeights ? initialTensors(spec, config, remaining) : {}))
      const weights = restorePass(stored)
      return keepsWeights
        ? pipe(
            checkTensors(spec, config, remaining, weights.begin),
            map(() => weights),
          )
        : right(weights)
    },
    ...(foresee && {
      foresee: (weights, proposals, done) =>
        foresee(proposals.map((proposal, i) => workOf(weights, proposal, { ...done, samples: done.samples + i }))),
    }),
    evaluate: async (weights, proposal, done, report) => {
      const result = await perform(workOf(weights, proposal, done), report)
      return result._tag === 'Left'
        ? { weights, observation: result }
        : {
            weights: after(weights, proposal, result.right.tensors),
            observation: right(result.right.observation),
          }
    },
    /** At the end of a pass. */
    prune: ({ begin }, remaining) => passFrom(tensorsFor(spec, config, remaining, begin)),
    store: async weights => storePass(weights),
    dispose: () => {},
  }
}
