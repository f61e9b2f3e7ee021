// node bench/ranking.mjs --table FILE --data DIR [--operations NAMES] [--epochs 20] [--recipe darts] [--seed 0]: trains the weights that all
// networks of the space tiny, or those made of the operations named, share (the evaluator one-shot, Child and Parent; by its own recipe, or by
// DARTS's with a learning rate of 0.1), evaluates every one that is in the table with them, and says how well that ranks them.
import { parseArgs } from 'node:util'
import { resolveBackend } from '@cpnas/backends'
import { inMemory, openSplits } from '@cpnas/data'
import { openData, rankingOf, readTable, tablePresets, trainingOfTable } from '@cpnas/experiments'
import { candidatesOf, dartsRecipe, evaluators, presets, withGiven } from '@cpnas/search'
import { specFor, tiny } from '@cpnas/supernet'
import { restrictTo } from '@cpnas/table'

const names = ['table', 'data', 'epochs', 'recipe', 'operations', 'seed']
const { values: options } = parseArgs({ options: Object.fromEntries(names.map(name => [name, { type: 'string' }])) })
const rightOf = result => {
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
  return result.right
}

const epochs = Number(options.epochs ?? 20)
const operations = options.operations?.split(',') ?? 'all'
const whole = rightOf(await readTable(options.table)())
const table = operations === 'all' ? whole : restrictTo(whole, operations)
const data = rightOf(await openData({ data: options.data })())
const { backend } = rightOf(await resolveBackend('auto', { threads: 1 })())
const { share, validationShare, batchSize, channels, cells } = trainingOfTable(tablePresets.tiny, 'binary', 0)
const config = withGiven(presets.cifar10, {
  ...{ space: tiny.name, evaluator: 'one-shot', strategy: 'random', withParent: 'always' },
  ...{ share, validationShare, batchSize, channels, cells, seed: Number(options.seed ?? 0), warmupEpochs: epochs },
  ...{ operations, ...(options.recipe === 'darts' && { ...dartsRecipe, learningRate: 0.1 }) },
})
const splits = rightOf(openSplits(inMemory(data.train), config, 'batches'))
const context = { backend, config, spec: specFor(config, data.train), splits, signal: undefined }
const evaluator = evaluators['one-shot'].create(context, { warmups: epochs, samples: table.entries.size })
const position = { round: 1, rounds: 1, pass: 1, passes: 1, sample: 1, samples: 1 }

let weights = rightOf(evaluator.begin(candidatesOf(config), undefined))
const evaluate = async (proposal, warmups) => {
  const done = { warmups, samples: 0 }
  const result = await evaluator.evaluate(weights, { ...proposal, position }, done, () => () => {})
  weights = result.weights
  return rightOf(result.observation)
}
for (let epoch = 0; epoch < epochs; epoch++) {
  const { losses } = await evaluate({ type: 'warmup' }, epoch)
  console.error(
    `epoch ${epoch + 1}/${epochs}: loss child ${losses.child.toFixed(3)} parent ${losses.parent.toFixed(3)}`,
  )
}
const samples = []
for (const { cell } of table.entries.values()) {
  const architecture = { normal: cell, reduce: cell }
  const { child, parent } = (await evaluate({ type: 'sample', architecture }, epochs)).evaluations
  const losses = { validationLossChild: child.loss, validationLossParent: parent.loss }
  samples.push({ architecture, accuracyChild: child.accuracy, accuracyParent: parent.accuracy, ...losses })
}
console.log(JSON.stringify(rankingOf(table, samples), undefined, 2))
evaluator.dispose(weights)
await backend.close()
data.train.close()
data.test.close()
