import { cpnasError } from '@cpnas/core'
import type { Genotype } from '@cpnas/supernet'
import type { Evaluation } from '@cpnas/training'
import { left, right } from 'fp-ts/lib/Either.js'
import type { Evaluator } from '../evaluator.js'
import type { Proposal } from '../strategy.js'
import type { PerNetwork } from '../types.js'

/**
 * Looks up the known results of an architecture, so that a whole search takes a moment: a tabular benchmark. Nothing is trained.
 * InvalidOption for an architecture that the table does not have.
 */
export const tableEvaluator = (
  lookUp: (architecture: Genotype, proposal: Proposal) => PerNetwork<Evaluation> | undefined,
): Evaluator<undefined> => ({
  cost: { warmup: 0, sample: 1 },
  begin: () => right(undefined),
  evaluate: async (_, proposal) => {
    if (proposal.type === 'warmup') return { weights: undefined, observation: right({ proposal }) }
    const evaluations = lookUp(proposal.architecture, proposal)
    return {
      weights: undefined,
      observation: evaluations
        ? right({ proposal, evaluations })
        : left(
            cpnasError(
              'InvalidOption',
              'table',
              `has no architecture ${JSON.stringify(proposal.architecture)}`,
              'Search a space that the table covers',
            ),
          ),
    }
  },
  prune: () => undefined,
  store: async () => ({}),
  dispose: () => {},
})
