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

test('adamStep worked by hand: a first step, a later one, and one that is clamped', () =>
  onReference(async b => {
    const coefficients = { learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 1, weightDecay: 2 }
    const [parameter, gradient] = [b.tensor([1, -2], [1, 2]), b.tensor([8, -4], [1, 2])]
    const [first, second] = [b.tensor([0, 4], [1, 2]), b.tensor([16, 48], [1, 2])]
    const factor = b.full(0.25)
    const read = async (x: typeof parameter) => [...(await b.read(x))]
    // g = (2, -1) + 2 * (1, -2) = (4, -5); m = g / 2, v = g^2 / 4; corrected they are g and g^2.
    const begun = b.adamStep([{ parameter, gradient }], { ...coefficients, step: 1 }, factor)
    expect(await Promise.all([begun[0]!.parameter, begun[0]!.first, begun[0]!.second].map(read))).toEqual([
      [1 - (0.5 * 4) / (4 + 1), -2 + (0.5 * 5) / (5 + 1)],
      [2, -2.5],
      [4, 6.25],
    ])
    // m = (0, 2) + (2, -2.5), over 3/4; v = (12, 36) + (4, 6.25), over 7/16.
    const later = { parameter, gradient, first, second }
    const updated = b.adamStep([later, { ...later, limit: 0.75 }], { ...coefficients, step: 2 }, factor)
    const values = await Promise.all(updated.map(x => Promise.all([x.parameter, x.first, x.second].map(read))))
    const [left, right] = [
      1 - (0.5 * (2 / 0.75)) / (Math.sqrt(16 / 0.4375) + 1),
      -2 - (0.5 * (-0.5 / 0.75)) / (Math.sqrt(42.25 / 0.4375) + 1),
    ]
    expect(values.map(v => v.slice(1))).toEqual(
      Array(2).fill([
        [2, -0.5],
        [16, 42.25],
      ]),
    )
    expect(values[0]![0]![0]).toBeCloseTo(left, 12)
    expect(values[0]![0]![1]).toBeCloseTo(right, 12)
    expect(values[1]![0]).toEqual([0.75, -0.75])
    expect(updated.flatMap(x => [x.parameter, x.first, x.second].map(b.shape))).toEqual(Array(6).fill([1, 2]))
    // Operands are as they were, and live.
    expect(await Promise.all([parameter, gradient, first, second].map(read))).toEqual([
      [1, -2],
      [8, -4],
      [0, 4],
      [16, 48],
    ])
    const unscaled = b.adamStep([{ parameter, gradient }], { ...coefficients, step: 1 })
    expect(await read(unscaled[0]!.first)).toEqual([5, -4])
    b.dispose([parameter, gradient, first, second, factor, begun, updated, unscaled])
  }))

test('neither step has anything to do without parameters', () =>
  onReference(async b => {
    const adam = { learningRate: 1, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, step: 1 }
    expect(b.adamStep([], adam)).toEqual([])
    expect(b.sgdStep([], { learningRate: 1, momentum: 0, weightDecay: 0 })).toEqual([])
  }))

test('no gradient flows through any of them', async () => {
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
  const adam = { learningRate: 1, beta1: 0.5, beta2: 0.5, epsilon: 1, weightDecay: 1, step: 1 }
  const ofAdam = await gradientsOf(
    (b, { x, y }) => {
      const [updated] = b.adamStep([{ parameter: x!, gradient: y!, first: x!, second: y! }], adam)
      return b.add(updated!.parameter, b.add(updated!.first, updated!.second))
    },
    { x, y: x },
  )
  expect(ofAdam).toEqual({ x: zero, y: zero })
})
