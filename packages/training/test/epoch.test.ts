import { referenceBackend } from '@cpnas/backends'
import {
  type Batch,
  type BatchStep,
  crossEntropies,
  evaluate,
  type Forward,
  type Learner,
  newLearner,
  overBatches,
  sgd,
  trainEpoch,
  trainStep,
} from '@cpnas/training'
import { beforeEach, describe, expect, it } from 'vitest'

let backend: ReturnType<typeof referenceBackend>
type T = ReturnType<typeof backend.tensor>
beforeEach(() => {
  backend = referenceBackend()
})

/** Linear classifier of images of two pixels. */
const linear: Forward<T> = (b, { w }, images) => ({ logits: b.matMul(b.reshape(images, [b.shape(images)[0]!, 2]), w!) })
const learner = (w: readonly number[] = [0, 0, 0, 0]): Learner<T> => newLearner(sgd(), { w: backend.tensor(w, [2, 2]) })
/** Class k has pixel k bright. */
const batch = (...labels: readonly number[]): Batch => ({
  images: labels.flatMap(k => [k === 0 ? 1 : 0, k === 1 ? 1 : 0]),
  labels,
  shape: [labels.length, 1, 2, 1],
})
const optimizer = sgd({ momentum: 0.9, weightDecay: 0 })
const options = { optimizer, learningRate: 0.5, where: 'sample 3' } as const
const values = async (x: T | undefined): Promise<readonly number[]> => Array.from(await backend.read(x!))

describe('trainStep', () => {
  const step = (start: Learner<T>, extra: object, networks: readonly [Forward<T>, ...Forward<T>[]] = [linear]) => {
    const [images, labels] = [backend.tensor([1, 0], [1, 1, 2, 1]), backend.tensor([0], [1])]
    const objective = crossEntropies(backend, networks, images, labels)
    const { learner, aux: losses } = trainStep(backend, start, objective, { optimizer, learningRate: 1, ...extra })
    return { learner, losses }
  }

  it('follows the gradient of the cross-entropy', async () => {
    const { learner: after, losses } = step(learner(), {})
    expect((await values(losses[0]))[0]).toBeCloseTo(Math.log(2), 12)
    expect(await values(after.parameters.w)).toEqual([0.5, -0.5, 0, 0])
  })

  it('clips the gradient', async () => {
    const { learner: after } = step(learner(), { gradientClip: 0.1 })
    const [a, b] = await values(after.parameters.w)
    expect(Math.hypot(a!, b!)).toBeCloseTo(0.1, 5)
  })

  it('clips latent weights, and no others', async () => {
    const start = [5, 0.5, -5, 0]
    const clipped = step(learner(start), { learningRate: 0, latent: ['w', 'elsewhere'] }).learner.parameters
    expect(await values(clipped.w)).toEqual([1, 0.5, -1, 0])
    expect(Object.keys(clipped)).toEqual(['w'])
    expect(await values(step(learner(start), { learningRate: 0 }).learner.parameters.w)).toEqual(start)
  })

  it('gives the same bits in whatever order the parameters are', async () => {
    const count = 200
    const network: Forward<T> = (b, parameters) => {
      const squares = Array.from({ length: count }, (_, i) => b.mul(parameters[`w${i}`]!, parameters[`w${i}`]!))
      const score = squares.reduce((a, x) => b.add(a, x))
      return { logits: b.concat([b.full(0, [1, 1]), score], 1) }
    }
    const entries = Array.from({ length: count }, (_, i) => [`w${i}`, backend.tensor([Math.sin(i)], [1, 1])] as const)
    const [forward, backward] = [entries, entries.toReversed()].map(
      e =>
        step(
          newLearner(sgd(), Object.fromEntries(e.map(([name, x]) => [name, backend.reshape(x, [1, 1])]))),
          { gradientClip: 0.01 },
          [network],
        ).learner,
    )
    for (const [name] of entries) {
      expect(await values(backward!.parameters[name])).toEqual(await values(forward!.parameters[name]))
      expect(await values(backward!.state.velocity?.[name])).toEqual(await values(forward!.state.velocity?.[name]))
    }
  })

  it('adds up the losses of networks on one set of weights', async () => {
    const { learner: after, losses } = step(learner(), {}, [linear, linear])
    expect(losses).toHaveLength(2)
    expect(await values(after.parameters.w)).toEqual([1, -1, 0, 0])
  })
})

describe('overBatches', () => {
  const epochs = [batch(0, 1), batch(1), batch(0, 0, 1)]
  /** Carries the sum of the first pixels; terms are the count of images and a mean of 1/2. */
  const count = (carried: { readonly x: T }, images: T): BatchStep<T, { readonly x: T }> => {
    const [n = 0] = backend.shape(images)
    const x = backend.add(carried.x, backend.sum(backend.slice(images, [0, 0, 0, 0], [n, 1, 1, 1])))
    return {
      carried: { x },
      terms: [
        { x: backend.full(n), mean: false },
        { x: backend.div(1, backend.full(3)), mean: true },
      ],
    }
  }
  const begin = () => ({ carried: { x: backend.full(0) }, sums: [], count: 0 })

  it('takes batches that are on their way as those at hand', async () => {
    async function* later() {
      for (const one of epochs) yield one
    }
    const [now, then] = [
      await overBatches(backend, begin(), epochs, {}, count),
      await overBatches(backend, begin(), later(), {}, count),
    ]
    expect(now).toMatchObject({ sums: [6, expect.closeTo(2, 12)], count: 6, done: 3, stopped: false })
    expect(await values(now.carried.x)).toEqual([3])
    expect({ ...then, carried: 0 }).toEqual({ ...now, carried: 0 })
    expect(await values(then.carried.x)).toEqual([3])
    backend.dispose([now.carried, then.carried])
    expect(backend.memory().tensors).toBe(0)
  })

  it('goes on from a tally bit for bit', async () => {
    const whole = await overBatches(backend, begin(), epochs, {}, count)
    const half = await overBatches(backend, begin(), epochs.slice(0, 2), {}, count)
    const rest = await overBatches(backend, half, epochs.slice(2), {}, count)
    expect([rest.sums, rest.count]).toEqual([whole.sums, whole.count])
    expect(await values(rest.carried.x)).toEqual(await values(whole.carried.x))
  })
})

describe('trainEpoch', () => {
  it('learns, and gives the mean loss over images', async () => {
    const zero = await trainEpoch(backend, learner(), [linear], [batch(0, 1, 0), batch(1)], {
      ...options,
      learningRate: 0,
    })
    expect(zero).toMatchObject({ losses: { right: [expect.closeTo(Math.log(2), 12)] }, stopped: false })
    let current = learner()
    const losses: number[] = []
    for (let epoch = 0; epoch < 3; epoch++) {
      const after = await trainEpoch(backend, current, [linear], [batch(0, 1), batch(1, 0)], options)
      current = after.learner
      if (after.losses._tag === 'Right') losses.push(after.losses.right[0]!)
    }
    expect(losses).toEqual([...losses].sort((a, b) => b - a))
    expect(losses).toHaveLength(3)
  })

  it('weighs batches by their images', async () => {
    // The first batch is seen at w = 0; with learning rate 0 the losses are those of w.
    const result = await trainEpoch(backend, learner([2, 0, 0, 0]), [linear], [batch(0, 0, 0), batch(1)], {
      ...options,
      learningRate: 0,
    })
    const [right, even] = [Math.log(1 + Math.exp(-2)), Math.log(2)]
    expect(result).toMatchObject({ losses: { right: [expect.closeTo((3 * right + even) / 4, 12)] } })
  })

  it('holds no more memory after any step than after the first', async () => {
    const sizes: number[] = []
    const batches = Array.from({ length: 20 }, () => batch(0, 1))
    const onStep = () => sizes.push(backend.memory().bytes)
    const { learner: after } = await trainEpoch(backend, learner(), [linear], batches, {
      ...options,
      gradientClip: 5,
      latent: ['w'],
      onStep,
    })
    expect(new Set(sizes).size).toBe(1)
    expect(backend.memory().tensors).toBe(2)
    backend.dispose(after)
    expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 })
  })

  it('stops after the step in which it is told to, with weights to go on from', async () => {
    const controller = new AbortController()
    let steps = 0
    const result = await trainEpoch(backend, learner(), [linear], [batch(0), batch(0), batch(0)], {
      ...options,
      signal: controller.signal,
      onStep: done => {
        steps = done
        if (done === 2) controller.abort()
      },
    })
    expect(steps).toBe(2)
    expect(result.stopped).toBe(true)
    expect(await values(result.learner.parameters.w)).toHaveLength(4)
  })

  it('lets other events happen between steps', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    await trainEpoch(
      backend,
      learner(),
      [linear],
      Array.from({ length: 50 }, () => batch(0)),
      {
        ...options,
        onStep: () => {
          const until = performance.now() + 0.3
          while (performance.now() < until);
        },
      },
    )
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })

  it('names the place and the option when the loss is not finite', async () => {
    const { losses } = await trainEpoch(backend, learner([Number.NaN, 0, 0, 0]), [linear], [batch(0)], options)
    expect(losses).toEqual({
      _tag: 'Left',
      left: {
        _tag: 'NonFiniteLoss',
        where: 'sample 3',
        problem: 'the loss is NaN, training has diverged',
        remedy: expect.stringMatching(/learningRate \(now 0.5\)/),
      },
    })
  })

  it('frees the weights when the batches fail', async () => {
    function* failing(): Generator<Batch> {
      yield batch(0)
      throw new Error('disk gone')
    }
    await expect(trainEpoch(backend, learner(), [linear], failing(), options)).rejects.toThrow('disk gone')
    expect(backend.memory().tensors).toBe(0)
  })
})

describe('evaluate', () => {
  it('gives the share of right answers and the mean loss, and keeps no memory', async () => {
    const { parameters } = learner([2, 0, 0, 0])
    const { tensors } = backend.memory()
    // Class 0 is told apart; class 1 is a tie, which goes to class 0.
    const { result, stopped } = await evaluate(backend, parameters, linear, [batch(0, 0, 1), batch(1)], options)
    const loss = (2 * Math.log(1 + Math.exp(-2)) + 2 * Math.log(2)) / 4
    expect(result).toEqual({ _tag: 'Right', right: { accuracy: 0.5, loss: expect.closeTo(loss, 12) } })
    expect(stopped).toBe(false)
    expect(backend.memory().tensors).toBe(tensors)
  })

  it('refuses a loss that is not finite', async () => {
    const { result } = await evaluate(backend, learner([Infinity, 0, 0, 0]).parameters, linear, [batch(0)], options)
    expect(result).toMatchObject({ left: { _tag: 'NonFiniteLoss', where: 'sample 3' } })
  })
})
