import { referenceBackend } from '@cpnas/backends'
import { DatasetReadError } from '@cpnas/data'
import { type CpNasState, runSearch, type SearchEvent, type SearchResult, type SearchSnapshot } from '@cpnas/search'
import { cpNas, validateGenotype } from '@cpnas/supernet'
import type { Either } from 'fp-ts/lib/Either.js'
import { left } from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { runOn, runTiny, tinyConfig, tinyDataset } from './tiny.js'

const operations = cpNas.operations.map(({ name }) => name)

const rightOf = <A>(result: Either<unknown, A>): A => {
  expect(result).toMatchObject({ _tag: 'Right' })
  return (result as { readonly right: A }).right
}
const samplesIn = ({ state }: SearchResult) => state.history.filter(entry => entry.type === 'sample')

describe('runSearch', () => {
  it('runs the eight operations to the end: 35 T samples, seven drops, a genotype', async () => {
    const { result, memory } = await runTiny({ operations: [...operations], warmupEpochs: 2 })
    const found = rightOf(result)
    expect(samplesIn(found)).toHaveLength(35)
    expect(found.state.history.filter(entry => entry.type === 'drop')).toHaveLength(7)
    expect(found.state.history.filter(entry => entry.type === 'warmup')).toHaveLength(2)
    if (found.status === 'stopped') throw new Error('not finished')
    expect(validateGenotype({ space: 'cp-nas', nodes: 4, ...found.genotype })).toMatchObject({ _tag: 'Right' })
    expect(memory).toEqual({ tensors: 0, bytes: 0 })
  })

  it('gives z from the accuracies of both networks, which learn', async () => {
    const found = rightOf(
      (await runTiny({ betaP: 1.5, learningRate: 0.1, crop: 0, flip: false, batchSize: 8 }, {}, tinyDataset(64)))
        .result,
    )
    for (const { z, accuracyParent, accuracyChild, lossChild, lossParent } of samplesIn(found)) {
      expect(z).toBeCloseTo(1.5 * accuracyParent! - 0.5 * accuracyChild, 12)
      for (const loss of [lossChild, lossParent!]) expect(loss).toBeGreaterThan(0)
    }
    const accuracies = samplesIn(found).slice(-2)
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length
    expect(mean(accuracies.map(s => s.accuracyParent!))).toBeGreaterThan(0.7)
    expect(mean(accuracies.map(s => s.accuracyChild))).toBeGreaterThan(0.6)
  })

  it('gives the same for the same seed, and something else for another', async () => {
    const [one, same, other] = [await runTiny(), await runTiny(), await runTiny({ seed: 6 })]
    expect(same.snapshots).toEqual(one.snapshots)
    expect(same.result).toEqual(one.result)
    expect(other.result).not.toEqual(one.result)
  })

  it.each([
    ['weights shared by Child and Parent', { shareWeights: true }, ['shared']],
    ['weights of their own', {}, ['child', 'parent']],
    [
      'PReLU, two separable convolutions, float preprocessing',
      { prelu: true, sepConvRepeat: 2, preprocessPrecision: 'float' },
      ['child', 'parent'],
    ],
    [
      'the other estimator, scale, no momentum',
      { estimator: 'polynomial', scale: 'layer', momentum: 0 },
      ['child', 'parent'],
    ],
  ] as const)('keeps %s', async (_, options, owners) => {
    const { result, snapshots, memory } = await runTiny({ ...options, shareWeights: owners.length === 1 })
    expect(rightOf(result).status).toBe('finished')
    const names = Object.keys(snapshots.at(-1)!.tensors)
    expect([...new Set(names.map(name => name.split('.')[0]))]).toEqual(owners)
    expect(names.some(name => name.endsWith('.slope'))).toBe('prelu' in options)
    expect(names.filter(name => name.includes('.velocity.'))).not.toEqual([])
    expect(memory.tensors).toBe(0)
  })

  it('keeps latent weights in [-1, 1], and the Parent free', async () => {
    const { snapshots } = await runTiny({ learningRate: 3, gradientClip: 1000 })
    const largest = (pattern: RegExp): number =>
      Math.max(
        ...Object.entries(snapshots.at(-1)!.tensors)
          .filter(([name]) => pattern.test(name))
          .flatMap(([, { values }]) => Array.from(values, Math.abs)),
      )
    expect(largest(/^child\.parameters\.cells/)).toBe(1)
    expect(largest(/^parent\.parameters\.cells/)).toBeGreaterThan(1)
  })

  it('forgets the weights of dropped operations', async () => {
    const { snapshots } = await runTiny()
    const sizes = snapshots.map(
      ({ tensors }) => Object.keys(tensors).filter(name => name.includes('.parameters.')).length,
    )
    expect(sizes.at(-1)).toBeLessThan(sizes[0]!)
    const { state, tensors } = snapshots.at(-1)! as { readonly state: CpNasState; readonly tensors: object }
    for (const name of Object.keys(tensors)) {
      const [, cell, edge, operation] = /cells\.(\d)\.edges\.(\d+)\.(\w+)/.exec(name) ?? []
      if (operation) expect(state.remaining[cell === '0' ? 'normal' : 'reduce'][Number(edge)]).toEqual([operation])
    }
  })

  it('lets the learning rate fall along one cosine over all epochs', async () => {
    const backend = referenceBackend()
    const rates: number[] = []
    const watched = {
      ...backend,
      sgdStep: ((updates, coefficients, factor) => {
        if (rates.at(-1) !== coefficients.learningRate) rates.push(coefficients.learningRate)
        return backend.sgdStep(updates, coefficients, factor)
      }) satisfies typeof backend.sgdStep,
    }
    await runOn(watched, { warmupEpochs: 1, shareWeights: true })
    const epochs = 1 + 5
    const { learningRate, minLearningRate } = tinyConfig
    expect(rates).toHaveLength(epochs)
    for (const [epoch, rate] of rates.entries())
      expect(rate).toBeCloseTo(
        minLearningRate + ((learningRate - minLearningRate) * (1 + Math.cos((Math.PI * epoch) / epochs))) / 2,
        12,
      )
  })

  it('lets the learning rate rise and fall along one cycle over all steps of Adam', async () => {
    const backend = referenceBackend()
    const rates: number[] = []
    const watched = {
      ...backend,
      adamStep: ((updates, coefficients, factor) => {
        if (rates.at(-1) !== coefficients.learningRate) rates.push(coefficients.learningRate)
        return backend.adamStep(updates, coefficients, factor)
      }) satisfies typeof backend.adamStep,
    }
    const epochs = 5
    const oneShot = { evaluator: 'one-shot', strategy: 'random', samples: 1, warmupEpochs: epochs } as const
    const cycle = { optimizer: 'adam', schedule: 'one-cycle', learningRate: 0.5, minLearningRate: 0 } as const
    await runOn(watched, { ...oneShot, ...cycle, operations: ['sep_conv_3x3', 'sep_conv_5x5'], shareWeights: true })
    const [first, ...later] = rates
    // Ten steps, two an epoch: half the rate, twice all of it, then down by an eighth of it a step.
    expect(first).toBeCloseTo(0.25, 12)
    expect(later).toHaveLength(8)
    for (const [i, rate] of later.entries()) expect(rate).toBeCloseTo(0.5 * (1 - i / 8), 12)
  })

  it('counts the updates of every operation by itself, for Adam', async () => {
    const one = { strategy: 'random', evaluator: 'one-shot', samples: 1, warmupEpochs: 3 } as const
    const { snapshots } = await runTiny({ ...one, optimizer: 'adam', operations: ['sep_conv_3x3', 'dil_conv_3x3'] })
    const { tensors } = snapshots.at(-1)!
    const counts = (pattern: RegExp) => [
      ...new Set(
        Object.entries(tensors).flatMap(([name, { values }]) =>
          name.startsWith('child.updates.') && pattern.test(name) ? [values[0]] : [],
        ),
      ),
    ]
    // Two steps an epoch: the stem learns in all six, an operation of a pair in half of them.
    expect(counts(/stem/)).toEqual([6])
    expect(counts(/edges/)).toEqual([3])
    const { snapshots: bySgd } = await runTiny({ ...one, optimizer: 'sgd' })
    expect(Object.keys(bySgd.at(-1)!.tensors).filter(name => name.includes('updates'))).toEqual([])
  })

  it('searches at random and by evolution, on shared weights and on weights of their own', async () => {
    for (const strategy of ['random', 'regularized-evolution'] as const)
      for (const evaluator of ['shared-weights', 'scratch'] as const) {
        const { result, snapshots, memory } = await runTiny({ strategy, evaluator, samples: 3, population: 2 })
        const found = rightOf(result)
        expect(found.status).toBe('finished')
        expect(samplesIn(found)).toHaveLength(3)
        expect(Object.keys(snapshots[0]!.tensors).length > 0).toBe(evaluator === 'shared-weights')
        expect(memory).toEqual({ tensors: 0, bytes: 0 })
      }
  })

  it('trains the shared weights first if it is one-shot, and then only evaluates', async () => {
    const steps: Record<string, number> = {}
    const emit = (event: SearchEvent) => {
      if (event.type === 'progress') steps[event.phase] = (steps[event.phase] ?? 0) + 1
    }
    const oneShot = { strategy: 'random', evaluator: 'one-shot', samples: 4, warmupEpochs: 3 } as const
    const { result, snapshots, memory } = await runTiny(oneShot, { emit })
    const found = rightOf(result)
    // 8 images of each split in batches of 4; the Child alone, for the strategy does not look at the Parent.
    expect(steps).toEqual({ warmup: 2 * 3, evaluate: 2 * 4 })
    expect(found.state.history.map(({ type }) => type)).toEqual([
      ...Array(3).fill('warmup'),
      ...Array(4).fill('sample'),
    ])
    for (const sample of samplesIn(found))
      expect([sample.lossChild, sample.accuracyParent]).toEqual([undefined, undefined])
    expect(snapshots.at(-1)!.tensors).toEqual(snapshots[2]!.tensors)
    expect(snapshots[2]!.tensors).not.toEqual(snapshots[1]!.tensors)
    expect(memory).toEqual({ tensors: 0, bytes: 0 })
  })

  it('refuses to evaluate shared weights that nothing has trained', async () => {
    const { result } = await runTiny({ strategy: 'random', evaluator: 'one-shot', samples: 1, warmupEpochs: 0 })
    expect(result).toMatchObject({ left: { _tag: 'InvalidOption', where: 'warmupEpochs' } })
  })

  it('trains every operation of an edge as often as the others if it is one-shot', async () => {
    // Two operations on an edge and two steps an epoch: a pass an epoch, in which both are trained, on every edge.
    const oneShot = { strategy: 'random', evaluator: 'one-shot', samples: 1, warmupEpochs: 4, momentum: 0 } as const
    const { snapshots } = await runTiny({ ...oneShot, operations: ['sep_conv_3x3', 'dil_conv_3x3'] })
    for (const epoch of [1, 2, 3]) {
      const [before, after] = [snapshots[epoch - 1]!.tensors, snapshots[epoch]!.tensors]
      const filters = Object.keys(after).filter(name => /parameters.*edges.*pointwise$/.test(name))
      expect(filters).toHaveLength(3 * 14 * 2)
      for (const name of filters) expect(after[name]!.values).not.toEqual(before[name]!.values)
    }
  })

  it('judges an architecture alike whatever was trained before it, if it is trained from scratch', async () => {
    const evolve = { strategy: 'random', evaluator: 'scratch', samples: 3 } as const
    const [all, first] = [await runTiny(evolve), await runTiny({ ...evolve, operations: ['none', 'skip_connect'] })]
    const again = await runTiny(evolve, { snapshot: { ...all.snapshots[1]!, tensors: {} } })
    expect(again.result).toEqual(all.result)
    expect(first.result).not.toEqual(all.result)
  })

  it('trains as many epochs a sample as told', async () => {
    const steps: Record<string, number> = {}
    const emit = (event: SearchEvent) => {
      if (event.type === 'progress') steps[event.phase] = (steps[event.phase] ?? 0) + 1
    }
    await runTiny({ epochsPerSample: 2, warmupEpochs: 1 }, { emit })
    // 8 images of each split in batches of 4; two networks; 5 samples.
    expect(steps).toEqual({ warmup: 2 * 2, train: 2 * 2 * 2 * 5, evaluate: 2 * 2 * 5 })
  })

  it('shows training images in another order every epoch, the same to both networks, and validation images in one', async () => {
    const dataset = tinyDataset(24)
    const reads: (readonly number[])[] = []
    const recorded = {
      ...dataset,
      read: (indices: ArrayLike<number>, into: Uint8Array) => {
        reads.push(Array.from(indices))
        dataset.read(indices, into)
      },
    }
    await runTiny({ epochsPerSample: 2, warmupEpochs: 0, batchSize: 5 }, {}, recorded)
    // Of 12 and 12 images: a sample is two networks * (two epochs of 5 and 5), then two networks * (5, 5 and 2).
    const samples = Array.from({ length: 5 }, (_, i) => reads.slice(14 * i, 14 * (i + 1)))
    expect(reads).toHaveLength(14 * 5)
    expect(samples.map(sample => sample.map(batch => batch.length))).toEqual(
      Array(5).fill([5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2, 5, 5, 2]),
    )
    const epochs = samples.flatMap(sample => [sample.slice(0, 2).flat(), sample.slice(2, 4).flat()])
    expect(samples.map(sample => sample.slice(4, 8).flat())).toEqual(samples.map(sample => sample.slice(0, 4).flat()))
    expect(new Set(epochs.map(String)).size).toBe(10)
    const validation = samples.flatMap(sample => [sample.slice(8, 11).flat(), sample.slice(11).flat()])
    expect(new Set(validation.map(String)).size).toBe(1)
    expect(validation[0]).not.toEqual(validation[0]!.toSorted((a, b) => a - b))
    const training = new Set(epochs.flat())
    expect(validation[0]!.filter(index => training.has(index))).toEqual([])
    expect(training.size + validation[0]!.length).toBe(24)
  })

  it('lowers the learning rate from sample to sample', async () => {
    const options = { learningRate: 0.1, warmupEpochs: 0 }
    const constant = await runTiny({ ...options, minLearningRate: 0.1 })
    const falling = await runTiny({ ...options, minLearningRate: 0 })
    expect(falling.snapshots[0]).toEqual(constant.snapshots[0])
    expect(falling.snapshots[1]).not.toEqual(constant.snapshots[1])
  })

  it('tells how far it is, evenly and to the end', async () => {
    for (const shareWeights of [false, true]) {
      const events: SearchEvent[] = []
      await runTiny({ shareWeights, passes: 2 }, { emit: event => events.push(event) })
      const fractions = events.map(event => event.fraction)
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
      expect(fractions[0]).toBeGreaterThan(0)
      expect(events.at(-1)).toMatchObject({ type: 'done', fraction: 1 })
      expect(events.findLast(event => event.type === 'progress')).toMatchObject({
        fraction: expect.closeTo(1, 9),
        round: 2,
        rounds: 2,
        pass: 2,
        passes: 2,
        sample: 2,
        samples: 2,
        step: 2,
        steps: 2,
      })
      expect(events.filter(({ type }) => type === 'sample')).toHaveLength(10)
      expect(events.filter(({ type }) => type === 'drop')).toHaveLength(2)
    }
  })

  it('stops on a loss that is not finite, naming sample and option, with the last snapshot intact', async () => {
    const { result, snapshots, memory } = await runTiny({ learningRate: 1e300, gradientClip: 1e300, warmupEpochs: 0 })
    expect(result).toMatchObject({
      left: {
        _tag: 'NonFiniteLoss',
        where: expect.stringMatching(/^round 1, pass 1, sample \d, (child|parent)/),
        remedy: expect.stringMatching(/learningRate/),
      },
    })
    for (const { tensors } of snapshots)
      for (const { values } of Object.values(tensors)) expect(values.every(Number.isFinite)).toBe(true)
    expect(memory.tensors).toBe(0)
  })

  it('refuses a batch larger than the split before it does anything', async () => {
    const { result, snapshots } = await runTiny({ batchSize: 9 })
    expect(result).toMatchObject({ left: { _tag: 'InvalidOption', where: 'batchSize' } })
    expect(snapshots).toEqual([])
  })

  it('refuses an option out of range', async () => {
    expect((await runTiny({ betaP: -1 })).result).toMatchObject({ left: { _tag: 'InvalidOption', where: 'betaP' } })
  })

  it('stops when it cannot save', async () => {
    const error = { _tag: 'StorageFailed', where: 'disk', problem: 'is full', remedy: 'Free space' } as const
    const { result, memory } = await runTiny({}, { save: () => left(error) })
    expect(result).toEqual({ _tag: 'Left', left: error })
    expect(memory.tensors).toBe(0)
  })

  it('stops when the data can no longer be read', async () => {
    const error = { _tag: 'InvalidData', where: 'file', problem: 'was cut', remedy: 'Restore it' } as const
    const dataset = tinyDataset()
    let reads = 0
    const failing = {
      ...dataset,
      read: (indices: ArrayLike<number>, into: Uint8Array) => {
        if (reads++ === 5) throw new DatasetReadError(error)
        dataset.read(indices, into)
      },
    }
    const backend = referenceBackend()
    expect(await runSearch(backend, failing, tinyConfig)()).toEqual({ _tag: 'Left', left: error })
    expect(backend.memory().tensors).toBe(0)
  })

  it('stops at the signal after the step, and says where it stands', async () => {
    const controller = new AbortController()
    let after = 0
    const emit = (event: SearchEvent) => {
      if (controller.signal.aborted) after++
      if (event.type === 'progress' && event.fraction > 0.5) controller.abort()
    }
    const { result, snapshots, memory } = await runTiny({}, { emit, signal: controller.signal })
    expect(rightOf(result)).toEqual({ status: 'stopped', state: snapshots.at(-1)!.state })
    expect(after).toBe(0)
    expect(memory.tensors).toBe(0)
  })

  it('refuses a snapshot of other networks', async () => {
    const { snapshots } = await runTiny()
    const snapshot = snapshots[2]!
    const changed = (tensors: SearchSnapshot['tensors']) => runTiny({}, { snapshot: { ...snapshot, tensors } })
    const [name, tensor] = Object.entries(snapshot.tensors)[0]!
    const { [name]: _, ...without } = snapshot.tensors
    for (const [tensors, problem] of [
      [without, /missing/],
      [{ ...snapshot.tensors, [name]: { ...tensor, shape: [1, ...tensor.shape] } }, /shape/],
      [{ ...snapshot.tensors, extra: tensor }, /no tensor of this search/],
    ] as const)
      expect((await changed(tensors)).result).toMatchObject({
        left: { _tag: 'InvalidCheckpoint', problem: expect.stringMatching(problem) },
      })
    expect((await runTiny({ shareWeights: true }, { snapshot })).result).toMatchObject({
      left: { _tag: 'InvalidCheckpoint' },
    })
  })
})
