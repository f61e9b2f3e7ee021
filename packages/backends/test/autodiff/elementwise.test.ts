import fc from 'fast-check'
import { expect, test } from 'vitest'
import { broadcastingShapes, data, distinct, mapData, seeds, shapes } from '../arbitraries.js'
import { expectGradients, gradientsOf, onReference } from '../finite-differences.js'

test.each(['neg', 'exp', 'log', 'sqrt', 'abs', 'relu'] as const)('gradient of %s by central differences', operation =>
  fc.assert(
    fc.asyncProperty(shapes(), seeds, async (shape, seed) => {
      const x = data(distinct, shape, seed)
      const inDomain = operation === 'log' || operation === 'sqrt' ? mapData(v => Math.abs(v) + 0.5, x) : x
      await expectGradients((b, { x }) => b[operation](x!), { x: inDomain })
    }),
  ),
)

test.each(['add', 'sub', 'mul', 'div', 'max', 'min'] as const)(
  'gradients of %s by central differences, over broadcasting shapes',
  operation =>
    fc.assert(
      fc.asyncProperty(broadcastingShapes, seeds, async ([left, right], seed) => {
        const x = data(distinct, left, seed)
        const y = mapData(v => (operation === 'div' ? Math.abs(v) + 0.5 : v + 0.0123), data(distinct, right, seed + 1))
        await expectGradients((b, { x, y }) => b[operation](x!, y!), { x, y })
      }),
    ),
)

test('gradients of operations with a number on either side', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom('add', 'sub', 'mul', 'div', 'max', 'min' as const),
      shapes(),
      seeds,
      async (operation, shape, seed) => {
        const x = mapData(v => Math.abs(v) + 0.5, data(distinct, shape, seed))
        await expectGradients((b, { x }) => b[operation](x!, 0.4321), { x })
        await expectGradients((b, { x }) => b[operation](0.4321, x!), { x })
      },
    ),
  ))

test('gradients of linearCombination by central differences, also of a tensor combined with itself', () =>
  fc.assert(
    fc.asyncProperty(
      shapes(),
      fc.constantFrom(0, 1, -2, 0.5),
      fc.constantFrom(0, 1, -2, 0.5),
      seeds,
      async (shape, a, b, seed) => {
        const inputs = { x: data(distinct, shape, seed), y: data(distinct, shape, seed + 1) }
        await expectGradients((k, { x, y }) => k.linearCombination(a, x!, b, y!), inputs)
        await expectGradients((k, { x }) => k.linearCombination(a, x!, b, x!), { x: inputs.x })
      },
    ),
  ))

test('gradients of prelu by central differences', () =>
  fc.assert(
    fc.asyncProperty(shapes(), seeds, async (shape, seed) => {
      const whole = [...shape, 3]
      await expectGradients((b, { x, slope }) => b.prelu(x!, slope!), {
        x: data(distinct, whole, seed),
        slope: data(distinct, [3], seed + 1),
      })
    }),
  ))

test('sign and the comparisons let no gradient through', async () => {
  const inputs = { x: { values: [-0.5, 0.5], shape: [2] }, y: { values: [0.1, 0.5], shape: [2] } }
  for (const f of ['less', 'lessEqual', 'equal'] as const)
    expect(await gradientsOf((b, { x, y }) => b[f](x!, y!), inputs)).toEqual({
      x: new Float64Array(2),
      y: new Float64Array(2),
    })
  expect(await gradientsOf((b, { x }) => b.sign(x!), { x: inputs.x })).toEqual({ x: new Float64Array(2) })
})

test('at a tie the gradient of max and min goes to the first operand', () =>
  onReference(async b => {
    const one = b.tensor([1], [1])
    for (const f of ['max', 'min'] as const) {
      const { gradients, value } = b.valueAndGrad(({ x, y }) => ({ value: b.sum(b[f](x, y)) }), { x: one, y: one })
      expect([...(await b.read(gradients.x)), ...(await b.read(gradients.y))]).toEqual([1, 0])
      b.dispose([gradients, value])
    }
    b.dispose(one)
  }))

test('worked by hand', () =>
  onReference(async b => {
    const x = b.tensor([-2, 0, 3], [3])
    const read = async (f: () => typeof x) => {
      const y = b.scope(f)
      const values = [...(await b.read(y))]
      b.dispose(y)
      return values
    }
    expect(await read(() => b.sign(x))).toEqual([-1, 1, 1])
    expect(await read(() => b.relu(x))).toEqual([0, 0, 3])
    expect(await read(() => b.sub(1, x))).toEqual([3, 1, -2])
    expect(await read(() => b.div(x, 2))).toEqual([-1, 0, 1.5])
    expect(await read(() => b.lessEqual(x, 0))).toEqual([1, 1, 0])
    expect(await read(() => b.add(x, b.tensor([10, 20], [2, 1])))).toEqual([8, 10, 13, 18, 20, 23])
    expect(await read(() => b.linearCombination(2, x, -1, x))).toEqual([-2, 0, 3])
    expect(await read(() => b.prelu(x, b.tensor([0.5, 7, -1], [3])))).toEqual([-1, 0, 3])
    b.dispose(x)
  }))
