import type { Evaluator } from '../evaluator.js'
import { dartsRecipe, oneBitRecipe, type Recipe } from '../recipe.js'
import type { SearchLength } from '../strategy.js'
import { type BatchSetting, batchesOfEvaluation, batchesOfTraining, type ProposalBatches } from './batches.js'
import { oneShot } from './one-shot.js'
import { batchesOfRelaxation, relaxed } from './relaxed.js'
import { type SearchContext, scratch, sharedWeights } from './shared-weights.js'

/** An evaluator as it is chosen and configured. What it keeps between proposals is private to it. */
export interface EvaluatorRecord {
  /** What it does, in one line. */
  readonly description: string
  /** Whether weights are carried from one proposal to the next. */
  readonly keepsWeights: boolean
  /**
   * Whether a strategy without warm-ups begins with `warmupEpochs` of them, too: it `may`, or it `must` because nothing else trains. Default:
   * it does not.
   */
  readonly warmsUp?: 'may' | 'must'
  /** Whether it trains all operations at once and learns which are best: only for strategies that name it. Default false. */
  readonly relaxes?: boolean
  /** How it trains unless told otherwise. */
  readonly recipe: Recipe
  /** The batches that go through its networks. */
  readonly batches: (setting: BatchSetting) => ProposalBatches
  /** The evaluator of a setting, for a search of that length. */
  readonly create: <T>(setting: SearchContext<T>, length: SearchLength) => Evaluator<unknown>
}

/** Every evaluator that trains, by name. To add one, add its record here. */
export const evaluators: Readonly<Record<string, EvaluatorRecord>> = {
  'shared-weights': {
    description: 'trained for some epochs on weights that all architectures share',
    keepsWeights: true,
    recipe: oneBitRecipe,
    batches: batchesOfTraining,
    create: sharedWeights,
  },
  scratch: {
    description: 'trained for some epochs from weights of its own',
    keepsWeights: false,
    recipe: oneBitRecipe,
    batches: batchesOfTraining,
    create: scratch,
  },
  'one-shot': {
    description:
      'evaluated on shared weights that were trained before, by another path every batch (SPOS, arXiv 1904.00420)',
    keepsWeights: true,
    recipe: oneBitRecipe,
    warmsUp: 'must',
    batches: batchesOfEvaluation,
    create: oneShot,
  },
  relaxed: {
    description:
      'all operations at once, under weights that are learned from validation images (DARTS, arXiv 1806.09055)',
    keepsWeights: true,
    recipe: dartsRecipe,
    warmsUp: 'may',
    relaxes: true,
    batches: batchesOfRelaxation,
    create: relaxed,
  },
}
