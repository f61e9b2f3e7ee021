import { batchesIn, evaluators, presets, type SearchConfig, type SearchState } from '@cpnas/search'
import { expect, test } from 'vitest'

const splits = { trainingSteps: 5, validationSteps: 3 }
const warmup = { type: 'warmup' }
const sample = { type: 'sample' }

/** The batches of a history of which only the kinds of its entries matter, and a sample's epochs. */
const batchesOf = (config: Partial<SearchConfig>, history: readonly object[]) => {
  const whole: SearchConfig = { ...presets.quick, ...config }
  const { batches } = evaluators[whole.evaluator]!
  return batchesIn(batches, { config: whole, splits }, history as SearchState['history'])
}

test.each<[string, Partial<SearchConfig>, readonly object[], readonly [number, number]]>([
  [
    // Child and Parent: 2 * 5, then twice 2 epochs of 2 * 5; twice 2 * 3.
    'Child and Parent of shared weights, a warm-up, two samples of two epochs, a drop',
    { strategy: 'cp-nas', evaluator: 'shared-weights', epochsPerSample: 2 },
    [warmup, sample, { type: 'drop' }, sample],
    [50, 12],
  ],
  [
    'one network from scratch, a sample of its own four epochs and one of the usual one',
    { strategy: 'successive-halving', evaluator: 'scratch', epochsPerSample: 1, withParent: 'auto' },
    [{ ...sample, epochs: 4 }, sample],
    [25, 6],
  ],
  [
    'one network of a supernet that is trained first: samples are evaluated only',
    { strategy: 'random', evaluator: 'one-shot', withParent: 'auto' },
    [warmup, warmup, sample, sample],
    [10, 6],
  ],
  [
    'a relaxed search: a batch for the weights and one for the architecture',
    { strategy: 'darts', evaluator: 'relaxed' },
    [warmup, sample],
    [15, 3],
  ],
  [
    // Two networks: 2 * 5, then as much twice; 2 * 3, and the Parent of both batches of every step of the Child.
    'a relaxed search of Parent and Child',
    { strategy: 'dcp-nas', evaluator: 'relaxed' },
    [warmup, sample],
    [30, 16],
  ],
])('%s', (_, config, history, [trained, evaluated]) => {
  expect(batchesOf(config, history)).toEqual({ trained, evaluated })
})
