import { referenceBackend, wasmBackend } from '@cpnas/backends'
import { batches, DatasetReadError, type RecordDataset, shuffle, split } from '@cpnas/data'
import { initialParameters, latentNames, network, parameterShapes } from '@cpnas/supernet'
import {
  crossEntropies,
  evaluate,
  fittingTensors,
  learningRateAt,
  type Model,
  modelSpec,
  newLearner,
  runTraining,
  sgd,
  type TrainingConfig,
  type TrainingEvent,
  type TrainingResult,
  type TrainingSnapshot,
  trainingSpec,
  trainStep,
} from '@cpnas/training'
import type { Either } from 'fp-ts/lib/Either.js'
import { left } from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { digest, everything, runTiny, tinyConfig, tinyDataset, tinyGenotype } from './tiny.js'

const rightOf = <A>(result: Either<unknown, A>): A => {
  expect(result).toMatchObject({ _tag: 'Right' })
  return (result as { readonly right: A }).right
}
const finished = (result: Either<unknown, TrainingResult>) => {
  const value = rightOf(result)
  if (value.status === 'stopped') throw new Error('not finished')
  return value
}

/** Accuracy and loss of a model on images as they are, on an engine of its own. */
const judge = async (model: Model, dataset: RecordDataset, indices: ArrayLike<number>) => {
  const backend = referenceBackend()
  const load = (record: Model['parameters']) =>
    Object.fromEntries(Object.entries(record).map(([name, x]) => [name, backend.tensor(x.values, x.shape)]))
  const statistics = load(model.statistics)
  const forward = network(model.spec, model.genotype, model.kind, { filters: 'given' })
  const { result } = await evaluate(
    backend,
    load(model.parameters),
    (b, parameters, images) => forward(b, parameters, images, { statistics }),
    batches(dataset, indices, { batchSize: 4, normalization: model.normalization }),
    { where: 'model' },
  )
  return rightOf(result)
}

describe('runTraining', () => {
  it('runs to the end and leaves two networks and no tensors', async () => {
    const { result, snapshots, memory } = await runTiny()
    const { state, last, best } = finished(result)
    expect(state).toMatchObject({ stage: 2, epoch: 1, step: 0, updates: 0, sums: {} })
    expect(state.history.map(({ stage, epoch }) => [stage, epoch])).toEqual([
      [1, 1],
      [1, 2],
    ])
    expect(snapshots.map(({ state }) => state.epoch)).toEqual([2, 1])
    for (const model of [last, best]) {
      expect(model).toMatchObject({
        kind: 'child',
        classNames: ['left', 'right'],
        image: { height: 4, width: 4, channels: 1 },
        normalization: { mean: [0.5], std: [0.3] },
      })
      expect(Object.keys(model.parameters)).toEqual(Object.keys(parameterShapes(model.spec, tinyGenotype, 'child')))
    }
    expect(memory).toEqual({ tensors: 0, bytes: 0 })
  })

  it.each([
    ['of the last weights', {}],
    ['of averaged weights', { emaDecay: 0.9 }],
    ['of a Parent', { precision: 'float' }],
    ['after two stages', { stages: 2 }],
  ] as const)('gives models %s that evaluate to the last bit as they did in the training', async (_, options) => {
    const dataset = tinyDataset(40)
    const { result } = await runTiny({ ...options, learningRate: 0.02 }, {}, dataset)
    const { state, last, best } = finished(result)
    const { selected } = split(dataset, tinyConfig.validationShare, tinyConfig.seed)
    const indices = shuffle(selected, tinyConfig.seed)
    for (const [model, entry] of [
      [last, state.history.at(-1)!],
      [best, state.history.findLast(entry => entry.best)!],
    ] as const)
      expect(await judge(model, dataset, indices)).toEqual({
        accuracy: entry.accuracyValidation,
        loss: entry.lossValidation,
      })
  })

  it('keeps an epoch unless its accuracy is more than a standard error below the highest', async () => {
    const unsteady = { epochs: 10, learningRate: 0.02, schedule: 'constant', seed: 2 } as const
    const { result } = await runTiny(unsteady, {}, tinyDataset(100))
    const { history } = finished(result).state
    const images = 100 * tinyConfig.validationShare
    let highest = 0
    for (const { best, accuracyValidation } of history) {
      expect(best).toBe(accuracyValidation! >= highest - Math.sqrt((highest * (1 - highest)) / images))
      highest = Math.max(highest, accuracyValidation!)
    }
    const kept = history.flatMap(({ best, accuracyValidation }) => (best ? [accuracyValidation!] : []))
    expect(kept.some((accuracy, i) => accuracy < kept[i - 1]!)).toBe(true)
    expect(kept.length).toBeLessThan(history.length)
  })

  it('takes the last of equally good epochs', async () => {
    // Weights that stand still, all images in one batch.
    const { result } = await runTiny({ epochs: 3, learningRate: 1e-12, crop: 0, flip: false, batchSize: 16 })
    const { state, best, last } = finished(result)
    const [second, third] = state.history.slice(-2)
    expect(third!.accuracyValidation).toBe(second!.accuracyValidation)
    expect(third!.best).toBe(true)
    expect(best).toEqual(last)
  })

  it('evaluates averaged weights with statistics of their own: means over training batches', async () => {
    // With a decay of almost 0 the average is the weights.
    const config = { ...tinyConfig, validationShare: 0, epochs: 1, emaDecay: 1e-300 }
    const dataset = tinyDataset()
    const { statistics, parameters } = finished((await runTiny(config)).result).last
    const backend = referenceBackend()
    const weights = Object.fromEntries(
      Object.entries(parameters).map(([name, x]) => [name, backend.tensor(x.values, x.shape)]),
    )
    const means: (readonly number[])[] = []
    for (const batch of batches(dataset, shuffle([...Array(20).keys()], config.seed, 1), {
      ...config,
      augmentation: { crop: config.crop, flip: config.flip, cutout: config.cutout },
      epoch: 1,
      lastBatch: 'drop',
    })) {
      const stems: ReturnType<typeof backend.tensor>[] = []
      network(modelSpec(config, dataset), tinyGenotype, 'child', { filters: 'given' })(
        backend,
        weights,
        backend.tensor(batch.images, batch.shape),
        { observe: (name, moments) => name === 'cells.1.inputs.1' && stems.push(moments.variance) },
      )
      means.push(Array.from(await backend.read(stems[0]!)))
    }
    expect(means).toHaveLength(5)
    statistics['cells.1.inputs.1.variance']!.values.forEach((value, c) => {
      expect(value).toBeCloseTo(means.reduce((sum, row) => sum + row[c]!, 0) / 5, 12)
    })
  })

  it('drops paths from the second epoch on', async () => {
    const [none, some] = [await runTiny(), await runTiny({ dropPath: 0.5 })]
    expect(digest(some.snapshots[0]!.tensors)).toBe(digest(none.snapshots[0]!.tensors))
    expect(digest(some.snapshots[1]!.tensors)).not.toBe(digest(none.snapshots[1]!.tensors))
  })

  it('shows training images in another order in every epoch of every stage, and validation images in one', async () => {
    const dataset = tinyDataset()
    const reads: (readonly number[])[] = []
    const recorded = {
      ...dataset,
      read: (indices: ArrayLike<number>, into: Uint8Array) => {
        reads.push(Array.from(indices))
        dataset.read(indices, into)
      },
    }
    await runTiny({ stages: 2 }, {}, recorded)
    // 16 images in batches of 4, then 4 that validate.
    const epochs = [0, 5, 10, 15].map(begin => reads.slice(begin, begin + 4).flat())
    const validation = [4, 9, 14, 19].map(at => reads[at]!)
    expect(reads).toHaveLength(20)
    expect(new Set(epochs.map(String)).size).toBe(4)
    expect(new Set(validation.map(String)).size).toBe(1)
    for (const epoch of epochs)
      expect([...epoch, ...validation[0]!].sort((a, b) => a - b)).toEqual([...Array(20).keys()])
  })

  it('has 1-bit filters, alpha * +-1, in the Child and none in the Parent', async () => {
    const child = finished((await runTiny()).result).last
    for (const name of latentNames(child.spec, tinyGenotype)) {
      const { values, shape } = child.parameters[name]!
      const channels = shape.at(-1)!
      for (let c = 0; c < channels; c++) {
        const own = Array.from(values).filter((_, i) => i % channels === c)
        expect(new Set(own.map(Math.abs)).size).toBe(1)
      }
    }
    const parent = finished((await runTiny({ precision: 'float' })).result).last
    expect(new Set(Array.from(parent.parameters['cells.0.inputs.0.pointwise']!.values, Math.abs)).size).toBeGreaterThan(
      5,
    )
  })

  it('learns: both kinds, all recipes', async () => {
    const backend = await wasmBackend({ threads: 1 })
    const train = tinyDataset(80)
    try {
      for (const options of [
        { optimizer: 'sgd', learningRate: 0.05 },
        { precision: 'float', labelSmoothing: 0.1 },
        { ...everything, dropPath: 0.1, auxiliaryWeight: 0.4 },
      ] as const) {
        const config = { ...tinyConfig, learningRate: 0.01, epochs: 5, cutout: 0, ...options, crop: 0, flip: false }
        const { state } = finished(await runTraining(backend, { train }, tinyGenotype, config)())
        const [first, last] = [state.history[0]!, state.history.at(-1)!]
        expect(last.terms.crossEntropy).toBeLessThan(first.terms.crossEntropy)
        expect(last.accuracyValidation).toBeGreaterThan(0.8)
        expect(backend.memory().tensors).toBe(0)
      }
    } finally {
      await backend.close()
    }
  })

  it('with all that can be left out left out, is bit for bit the plain steps of the training package', async () => {
    const dataset = tinyDataset()
    const config = {
      ...tinyConfig,
      validationShare: 0,
      optimizer: 'sgd',
      filterWeight: 0,
      lambda: 0,
      gradientClip: 0,
    } as const
    const { snapshots } = await runTiny(config)
    const backend = referenceBackend()
    const spec = trainingSpec(config, dataset)
    const shapes = parameterShapes(spec, tinyGenotype, 'child')
    const optimizer = sgd({ momentum: config.momentum, weightDecay: config.weightDecay })
    let learner = newLearner(
      optimizer,
      Object.fromEntries(
        Object.entries(initialParameters(shapes, config.seed)).map(([n, v]) => [n, backend.tensor(v, shapes[n]!)]),
      ),
    )
    let step = 0
    for (const epoch of [1, 2])
      for (const batch of batches(dataset, shuffle([...Array(20).keys()], config.seed, epoch), {
        ...config,
        augmentation: { crop: config.crop, flip: config.flip, cutout: config.cutout },
        epoch,
        lastBatch: 'drop',
      })) {
        const images = backend.tensor(batch.images, batch.shape)
        const labels = backend.tensor(batch.labels, [batch.count])
        const objective = crossEntropies(backend, [network(spec, tinyGenotype, 'child')], images, labels)
        learner = trainStep(backend, learner, objective, {
          optimizer,
          learningRate: learningRateAt(config, step++, 5),
          latent: latentNames(spec, tinyGenotype),
        }).learner
      }
    for (const [name, x] of Object.entries(learner.parameters))
      expect(snapshots.at(-1)!.tensors[`parameters.${name}`]!.values).toEqual(await backend.read(x))
  })

  it('adds the terms up with their weights', async () => {
    const weights = { crossEntropyWeight: 0.5, filterWeight: 2, lambda: 0.3, auxiliaryWeight: 0.4 }
    const { result } = await runTiny({ ...weights, epochs: 1 })
    const [{ loss, terms }] = finished(result).state.history as [TrainingResult['state']['history'][number]]
    expect(loss).toBeCloseTo(
      0.5 * terms.crossEntropy + 2 * terms.filter! + 0.3 * terms.compactness! + 0.4 * terms.auxiliary!,
      9,
    )
    for (const term of Object.values(terms)) expect(term).toBeGreaterThan(0)
  })

  it.each([
    ['filter', { filterWeight: 0 }],
    ['compactness', { lambda: 0 }],
    ['filter', { precision: 'float' }],
    ['auxiliary', {}],
    ['distillation', {}],
  ] as const)('has no term %s with %j', async (term, options) => {
    const { result } = await runTiny({ epochs: 1, ...options })
    expect(finished(result).state.history[0]!.terms).not.toHaveProperty(term)
  })

  it('trains 1-bit activations first, then weights too, from those', async () => {
    const { result, snapshots } = await runTiny({ stages: 2, learningRate: 0.02 })
    const { history } = finished(result).state
    expect(history.map(({ stage, epoch, terms }) => [stage, epoch, 'filter' in terms])).toEqual([
      [1, 1, false],
      [1, 2, false],
      [2, 1, true],
      [2, 2, true],
    ])
    expect(history.filter(({ stage }) => stage === 2).some(({ best }) => best)).toBe(true)
    // The second begins with the weights of the first and nothing else.
    const { state, tensors } = snapshots[1]!
    expect(state).toMatchObject({ stage: 2, epoch: 1, updates: 0 })
    expect(Object.keys(tensors).every(name => name.startsWith('parameters.'))).toBe(true)
    const alone = await runTiny({ learningRate: 0.02 })
    expect(tensors).not.toEqual(alone.snapshots[1]!.tensors)
  })

  it('keeps latent weights in [-1, 1], but not the float weights of a first stage', async () => {
    const { snapshots } = await runTiny({ stages: 2, learningRate: 1, optimizer: 'sgd', gradientClip: 1000, lambda: 0 })
    const largest = ({ tensors }: TrainingSnapshot): number =>
      Math.max(
        ...latentNames(trainingSpec(tinyConfig, tinyDataset()), tinyGenotype).flatMap(name =>
          Array.from(tensors[`parameters.${name}`]!.values, Math.abs),
        ),
      )
    expect(largest(snapshots[1]!)).toBeGreaterThan(1)
    expect(largest(snapshots[2]!)).toBeLessThanOrEqual(1)
  })

  it('learns from a teacher, whose weights stay as they are', async () => {
    const teacher = finished((await runTiny({ precision: 'float' })).result).last
    const before = digest(teacher.parameters)
    const { result, memory } = await runTiny({ distillationWeight: 2, crossEntropyWeight: 0 }, { teacher })
    const [first] = finished(result).state.history
    expect(first!.loss).toBeCloseTo(
      2 * first!.terms.distillation! + first!.terms.filter! + 0.1 * first!.terms.compactness!,
      9,
    )
    expect(digest(teacher.parameters)).toBe(before)
    expect(memory.tensors).toBe(0)
  })

  it('is told apart from itself by its teacher to nothing', async () => {
    // With all images in one batch and no other before, the teacher's running statistics are those of the batch.
    const whole = { precision: 'float', validationShare: 0, batchSize: 20, crop: 0, flip: false } as const
    const still = { ...whole, statisticsDecay: 0, epochs: 1, learningRate: 1e-12 }
    const teacher = finished((await runTiny({ ...still, seed: 6 })).result).last
    const initial = Object.fromEntries(
      Object.entries(teacher.parameters).map(([name, x]) => [name, { ...x, values: x.values.map(v => v) }]),
    )
    const options = { ...still, distillationWeight: 1, temperature: 1 }
    const own = finished((await runTiny(options, { teacher, initial })).result).state.history[0]!.terms.distillation!
    const other = finished((await runTiny(options, { teacher })).result).state.history[0]!.terms.distillation!
    expect(own).toBeLessThan(other / 2)
    expect(own).toBeCloseTo(0, 9)
  })

  it('is held to the filters and features of its Parent, which stay as they are', async () => {
    const teacher = finished((await runTiny({ precision: 'float' })).result).last
    const before = digest(teacher.parameters)
    const held = { cpTarget: 'parent', filterWeight: 0.5, lambda: 0.25 } as const
    const { result, memory, snapshots } = await runTiny(held, { teacher })
    const [first] = finished(result).state.history
    const { crossEntropy, filter, compactness } = first!.terms
    expect(first!.loss).toBeCloseTo(crossEntropy + 0.5 * filter! + 0.25 * compactness!, 9)
    expect(digest(teacher.parameters)).toBe(before)
    expect(memory.tensors).toBe(0)
    expect(Object.keys(snapshots[0]!.tensors).filter(name => name.startsWith('centers'))).toEqual([])
    // More weight draws the features closer.
    const strongly = finished((await runTiny({ ...held, filterWeight: 0, lambda: 100 }, { teacher })).result)
    const weakly = finished((await runTiny({ ...held, filterWeight: 0, lambda: 1e-6 }, { teacher })).result)
    expect(strongly.state.history[1]!.terms.compactness!).toBeLessThan(weakly.state.history[1]!.terms.compactness!)
  })

  it('refuses a Parent that is none, or of another network', async () => {
    const child = finished((await runTiny({ epochs: 1 })).result).last
    const parent = finished((await runTiny({ epochs: 1, precision: 'float' })).result).last
    const other: Model = { ...parent, genotype: { ...tinyGenotype, normal: tinyGenotype.reduce } }
    const refused = async (options: Partial<TrainingConfig>, model?: Model) =>
      (await runTiny({ cpTarget: 'parent', ...options }, model ? { teacher: model } : {})).result
    const invalid = (where: string, problem: RegExp) => ({
      left: { _tag: 'InvalidOption', where, problem: expect.stringMatching(problem) },
    })
    expect(await refused({})).toMatchObject(invalid('cpTarget', /no teacher/))
    expect(await refused({}, child)).toMatchObject(invalid('teacher', /is a Child/))
    expect(await refused({}, other)).toMatchObject(invalid('teacher', /other cells/))
    expect(await refused({ channels: 3 }, parent)).toMatchObject(invalid('teacher', /another size/))
    expect(await refused({ filterWeight: 0, lambda: 0 }, parent)).toMatchObject(invalid('cpTarget', /no effect/))
    expect(await refused({ precision: 'float' }, parent)).toMatchObject(invalid('cpTarget', /1-bit networks/))
  })

  it('refuses a teacher that does not fit', async () => {
    const teacher = finished((await runTiny({ precision: 'float', epochs: 1 })).result).last
    const refused = async (model: Model | undefined, weight: number) =>
      (await runTiny({ distillationWeight: weight }, model ? { teacher: model } : {})).result
    const invalid = (where: string, problem: RegExp) => ({
      left: { _tag: 'InvalidOption', where, problem: expect.stringMatching(problem) },
    })
    expect(await refused(undefined, 1)).toMatchObject(invalid('distillationWeight', /no teacher/))
    expect(await refused(teacher, 0)).toMatchObject(invalid('teacher', /distillationWeight is 0/))
    expect(await refused({ ...teacher, classNames: ['a', 'b', 'c'] }, 1)).toMatchObject(invalid('teacher', /classes/))
    expect(await refused({ ...teacher, image: { ...teacher.image, channels: 3 } }, 1)).toMatchObject(
      invalid('teacher', /3 channels/),
    )
    expect(await refused({ ...teacher, normalization: { mean: [0], std: [1] } }, 1)).toMatchObject(
      invalid('teacher', /normalized/),
    )
  })

  it('begins with the initial weights that fit', async () => {
    const { snapshots } = await runTiny({ epochs: 1 })
    const saved = snapshots[0]!.tensors
    const initial = Object.fromEntries(
      Object.entries(saved).flatMap(([name, x]) => (name.startsWith('parameters.') ? [[name.slice(11), x]] : [])),
    )
    const { 'head.bias': bias, ...rest } = initial
    const shapes = parameterShapes(trainingSpec(tinyConfig, tinyDataset()), tinyGenotype, 'child')
    expect(Object.keys(fittingTensors(shapes, { ...rest, foreign: bias! }))).toEqual(Object.keys(rest))
    const options = { epochs: 1, learningRate: 1e-12, optimizer: 'sgd', filterWeight: 0 } as const
    const begun = (await runTiny(options, { initial: rest })).snapshots[0]!.tensors
    for (const [name, { values }] of Object.entries(rest))
      begun[`parameters.${name}`]!.values.forEach((value, i) => {
        expect(value).toBeCloseTo(values[i]!, 6)
      })
    expect((await runTiny({}, { initial: { foreign: bias! } })).result).toMatchObject({
      left: {
        _tag: 'InvalidCheckpoint',
        where: 'the initial weights',
        problem: expect.stringMatching(/none of the 1/),
      },
    })
  })

  it('without a validation split keeps the last', async () => {
    const { result } = await runTiny({ validationShare: 0 })
    const { state, last, best } = finished(result)
    expect(best).toEqual(last)
    expect(state.history.every(entry => entry.best && !('accuracyValidation' in entry))).toBe(true)
  })

  it('tells how far it is, evenly and to the end', async () => {
    const events: TrainingEvent[] = []
    await runTiny({ ...everything }, { emit: event => events.push(event) })
    const fractions = events.map(({ fraction }) => fraction)
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect(fractions[0]).toBeGreaterThan(0)
    expect(events.at(-1)).toEqual({ type: 'done', fraction: 1 })
    // 4 training steps; 4 batches for the statistics of averaged weights and 1 that validates.
    expect(events.filter(e => e.type === 'progress' && e.phase === 'train')).toHaveLength(4 * 4)
    expect(events.filter(e => e.type === 'progress' && e.phase === 'evaluate')).toHaveLength(4 * 5)
    expect(events.findLast(e => e.type === 'progress')).toEqual({
      type: 'progress',
      fraction: expect.closeTo(1, 12),
      phase: 'evaluate',
      stage: 2,
      stages: 2,
      epoch: 2,
      epochs: 2,
      step: 5,
      steps: 5,
    })
  })

  it('holds no more memory after any step than after the second', async () => {
    const backend = referenceBackend()
    const sizes: number[] = []
    const emit = (event: TrainingEvent) => {
      if (event.type === 'progress' && event.phase === 'train') sizes.push(backend.memory().tensors)
    }
    const config = { ...tinyConfig, ...everything, stages: 1, epochs: 1, batchSize: 2 } as const
    await runTraining(backend, { train: tinyDataset(125) }, tinyGenotype, config, { emit })()
    expect(sizes).toHaveLength(50)
    expect(new Set(sizes).size).toBe(1)
    expect(backend.memory().tensors).toBe(0)
  })

  it('stops on a loss that is not finite, naming stage, epoch and options, with the last snapshot intact', async () => {
    const { result, snapshots, memory } = await runTiny({
      learningRate: 1e300,
      optimizer: 'sgd',
      gradientClip: 0,
      precision: 'float',
    })
    expect(result).toMatchObject({
      left: {
        _tag: 'NonFiniteLoss',
        where: expect.stringMatching(/^stage 1, epoch 1/),
        remedy: expect.stringMatching(/learningRate \(now 1e\+300\).*gradientClip \(now none\).*warmupEpochs/),
      },
    })
    expect(snapshots).toEqual([])
    expect(memory.tensors).toBe(0)
  })

  it('stops when it cannot save', async () => {
    const error = { _tag: 'StorageFailed', where: 'disk', problem: 'is full', remedy: 'Free space' } as const
    for (const saveEvery of [1, 100]) {
      const { result, memory } = await runTiny({}, { save: () => left(error), saveEvery })
      expect(result).toEqual({ _tag: 'Left', left: error })
      expect(memory.tensors).toBe(0)
    }
  })

  it('stops when the data can no longer be read, wherever', async () => {
    const error = { _tag: 'InvalidData', where: 'file', problem: 'was cut', remedy: 'Restore it' } as const
    // An epoch reads 4 batches to train, 4 for statistics, 1 to validate.
    for (const at of [2, 5, 8, 17]) {
      const dataset = tinyDataset()
      let reads = 0
      const failing = {
        ...dataset,
        read: (indices: ArrayLike<number>, into: Uint8Array) => {
          if (reads++ === at) throw new DatasetReadError(error)
          dataset.read(indices, into)
        },
      }
      const { result, memory } = await runTiny({ emaDecay: 0.9 }, {}, failing)
      expect(result).toEqual({ _tag: 'Left', left: error })
      expect(memory.tensors).toBe(0)
    }
  })

  it('refuses splits that hold nothing, and options out of range', async () => {
    expect((await runTiny({ batchSize: 17 })).result).toMatchObject({
      left: { where: 'batchSize', problem: '17 is larger than the training split of 16 images' },
    })
    expect((await runTiny({ validationShare: 0.01 })).result).toMatchObject({ left: { where: 'validationShare' } })
    expect((await runTiny({ lambda: -1 })).result).toMatchObject({ left: { where: 'lambda' } })
  })

  it('refuses a snapshot of another network', async () => {
    const { snapshots } = await runTiny()
    const snapshot = snapshots[0]!
    const changed = (tensors: TrainingSnapshot['tensors']) => runTiny({}, { snapshot: { ...snapshot, tensors } })
    const [name, tensor] = Object.entries(snapshot.tensors)[0]!
    const { [name]: _, ...without } = snapshot.tensors
    for (const [tensors, problem] of [
      [without, /missing/],
      [{ ...snapshot.tensors, [name]: { ...tensor, shape: [1, ...tensor.shape] } }, /shape/],
      [{ ...snapshot.tensors, extra: tensor }, /no tensor of this training/],
    ] as const)
      expect((await changed(tensors)).result).toMatchObject({
        left: { _tag: 'InvalidCheckpoint', problem: expect.stringMatching(problem) },
      })
  })
})
