import { referenceBackend, wasmBackend } from '@cpnas/backends'
import { DatasetReadError } from '@cpnas/data'
import { decodeModel, encodeModel, evaluateModel, evaluateScores, metrics } from '@cpnas/model'
import { network } from '@cpnas/supernet'
import { evaluate, type Model } from '@cpnas/training'
import { describe, expect, it } from 'vitest'
import { small } from './support/models.js'

const images = (count: number, from = 0) => ({
  images: Float32Array.from(
    { length: count * 64 },
    (_, i) => Math.sin((from * 64 + i) * 0.7) + ((from + Math.floor(i / 64)) % 3) - 1,
  ),
  labels: Float32Array.from({ length: count }, (_, i) => (from + i) % 3),
  shape: [count, 8, 8, 1] as const,
})

const batches = [images(4), images(4, 4), images(3, 8)]

const finished = async (task: ReturnType<typeof evaluateModel>) => {
  const result = await task()
  if (result._tag === 'Left' || result.right.status !== 'finished') throw new Error(JSON.stringify(result))
  return result.right.metrics
}

describe('evaluateModel', () => {
  it.each(['child', 'parent'] as const)('tells what the network of the engine does in evaluation: %s', async kind => {
    const model = small(kind, { affine: true, prelu: true })
    const backend = referenceBackend()
    const metrics = await finished(evaluateModel(backend, model, batches))
    const upload = (tensors: Model['parameters']) =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, { shape, values }]) => [name, backend.tensor(values, shape)]),
      )
    const forward = network(model.spec, model.genotype, kind, { filters: 'given' })
    const statistics = upload(model.statistics)
    const { result } = await evaluate(
      backend,
      upload(model.parameters),
      (backend, parameters, x) => forward(backend, parameters, x, { statistics: statistics as never }),
      batches,
      { where: 'test' },
    )
    expect(result).toEqual({
      _tag: 'Right',
      right: { accuracy: metrics.top1, loss: expect.closeTo(metrics.loss, 9) },
    })
    expect(metrics.images).toBe(11)
    expect(metrics.classes.map(({ name, count }) => [name, count])).toEqual([
      ['ant', 4],
      ['bee', 4],
      ['cat', 3],
    ])
  })

  it('gives the same for latent weights whose reconstruction the filters are', async () => {
    const model = small()
    const backend = referenceBackend()
    const statistics = Object.fromEntries(
      Object.entries(model.statistics).map(([name, { shape, values }]) => [name, backend.tensor(values, shape)]),
    )
    const parameters = Object.fromEntries(
      Object.entries(model.parameters).map(([name, { shape, values }]) => [name, backend.tensor(values, shape)]),
    )
    const latent = network(model.spec, model.genotype, 'child')
    const { result } = await evaluate(
      backend,
      parameters,
      (b, p, x) => latent(b, p, x, { statistics: statistics as never }),
      batches,
      { where: 'test' },
    )
    const { top1, loss } = await finished(evaluateModel(backend, model, batches))
    expect(result).toMatchObject({ right: { accuracy: top1, loss: expect.closeTo(loss, 6) } })
  })

  it('does not change when the model goes through its file, or the batches are others or come over time', async () => {
    const backend = await wasmBackend({ threads: 1 })
    try {
      const model = small()
      const metrics = await finished(evaluateModel(backend, model, batches))
      const read = decodeModel(encodeModel(model))
      if (read._tag === 'Left') throw new Error(read.left)
      expect(await finished(evaluateModel(backend, read.right, batches))).toEqual(metrics)
      const later = async function* () {
        yield* [images(7), images(0), images(4, 7)]
      }
      const other = await finished(evaluateModel(backend, model, later()))
      expect(other).toMatchObject({ images: 11, top1: metrics.top1, confusion: metrics.confusion })
      expect(other.loss).toBeCloseTo(metrics.loss, 5)
    } finally {
      await backend.close()
    }
  })

  it('counts batches, stops between them, and leaves no tensors behind', async () => {
    const backend = referenceBackend()
    const before = backend.memory().tensors
    const steps: number[] = []
    await finished(evaluateModel(backend, small(), batches, { onStep: done => steps.push(done) }))
    expect(steps).toEqual([1, 2, 3])
    const stop = new AbortController()
    const stopped = await evaluateModel(backend, small(), batches, {
      onStep: () => stop.abort(),
      signal: stop.signal,
    })()
    expect(stopped).toEqual({ _tag: 'Right', right: { status: 'stopped' } })
    expect(backend.memory().tensors).toBe(before)
  })

  it('refuses images of another size, none at all, and logits that are no numbers', async () => {
    const backend = referenceBackend()
    const wide = { ...images(1), images: new Float32Array(128), shape: [1, 8, 16, 1] as const }
    expect(await evaluateModel(backend, small(), [wide])()).toMatchObject({
      left: { _tag: 'InvalidData', problem: 'the images are 8x16x1, those of the model 8x8x1' },
    })
    for (const none of [[], [images(0)]])
      expect(await evaluateModel(backend, small(), none)()).toMatchObject({ left: { _tag: 'InvalidData' } })
    const model = small()
    const bias = { shape: [3], values: new Float32Array(3).fill(Number.NaN) }
    const diverged = { ...model, parameters: { ...model.parameters, 'head.bias': bias } }
    expect(await evaluateModel(backend, diverged, batches)()).toMatchObject({ left: { _tag: 'NonFiniteLoss' } })
  })

  it('tells of pixels that cannot be read', async () => {
    const error = { _tag: 'InvalidData', where: 'file', problem: 'is gone', remedy: 'Get it back' } as const
    const failing = function* () {
      yield images(1)
      throw new DatasetReadError(error)
    }
    expect(await evaluateModel(referenceBackend(), small(), failing())()).toEqual({ _tag: 'Left', left: error })
  })
})

describe('evaluateScores', () => {
  it('is what the scores of all batches say about their images', async () => {
    const { classNames, image } = small()
    const logits = (values: ArrayLike<number>) => Array.from({ length: values.length / 64 }, (_, i) => values[64 * i]!)
    const scores = (values: ArrayLike<number>) => logits(values).flatMap(x => [x, -x, x * x])
    const found = await finished(
      evaluateScores({ classNames, image }, async (values, [count]) => scores(values).slice(0, 3 * count), batches),
    )
    const all = batches.flatMap(({ images }) => scores(images))
    const labels = batches.flatMap(({ labels }) => Array.from(labels))
    expect(found).toEqual(metrics(all, labels, classNames))
  })
})
