import { expect, test } from 'vitest'
import { gradientsOf, onReference } from '../finite-differences.js'

test('squaredNorm takes tensors of all shapes as one vector; of none it is 0', () =>
  onReference(async b => {
    const [x, y, z] = [b.tensor([1, -2], [2]), b.tensor([3, 0, 0, 1], [2, 1, 2]), b.full(5)]
    const results = [b.squaredNorm([x, y, z]), b.squaredNorm([])]
    expect(results.map(y => b.shape(y))).toEqual([[], []])
    expect(await Promise.all(results.map(async y => (await b.read(y))[0]))).toEqual([40, 0])
    b.dispose([x, y, z, results])
  }))

test('sgdStep worked by hand: a first step, a later one, and one that is clamped', () =>
  onReference(async b => {
    const coefficients = { learningRate: 0.5, momentum: 0.25, weightDecay: 2 }
    const parameter = b.tensor([1, -2], [1, 2])
    const gradient = b.tensor([8, -2], [1, 2])
    const velocity = b.tensor([4, 0], [1, 2])
    const factor = b.full(0.5)
    const updates = [
      { parameter, gradient },
      { parameter, gradient, velocity },
      { parameter, gradient, velocity, limit: 0.25 },
    ]
    const updated = b.sgdStep(updates, coefficients, factor)
    const values = await Promise.all(
      updated.map(async x => [[...(await b.read(x.parameter))], [...(await b.read(x.velocity))]]),
    )
    // g = (4, -1) + 2 * (1, -2)
    expect(values).toEqual([
      [
        [-2, 0.5],
        [6, -5],
      ],
      [
        [-2.5, 0.5],
        [7, -5],
      ],
      [
        [-0.25, 0.25],
        [7, -5],
      ],
    ])
    expect(updated.flatMap(x => [b.shape(x.parameter), b.shape(x.velocity)])).toEqual(Array(6).fill([1, 2]))
    // Operands are as they were, and live.
    expect(await Promise.all([parameter, gradient, velocity].map(async x => [...(await b.read(x))]))).toEqual([
      [1, -2],
      [8, -2],
      [4, 0],
    ])
    const unscaled = b.sgdStep([{ parameter, gradient }], coefficients)
    expect([...(await b.read(unscaled[0]!.velocity))]).toEqual([10, -6])
    b.dispose([parameter, gradient, velocity, factor, updated, unscaled])
  }))

test('sgdStep has nothing to do without parameters', () =>
  onReference(async b => {
    expect(b.sgdStep([], { learningRate: 1, momentum: 0, weightDecay: 0 })).toEqual([])
  }))

test('no gradient flows through either', async () => {
  const x = { values: [1, 2], shape: [2] }
  const zero = new Float64Array(2)
  expect((await gradientsOf((b, { x }) => b.squaredNorm([x!]), { x })).x).toEqual(zero)
  const coefficients = { learningRate: 1, momentum: 1, weightDecay: 1 }
  const gradients = await gradientsOf(
    (b, { x, y }) => {
      const [updated] = b.sgdStep([{ parameter: x!, gradient: y!, velocity: y! }], coefficients)
      return b.add(updated!.parameter, updated!.velocity)
    },
    { x, y: x },
  )
  expect(gradients).toEqual({ x: zero, y: zero })
})
