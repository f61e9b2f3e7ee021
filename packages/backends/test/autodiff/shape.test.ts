import fc from 'fast-check'
import { expect, test } from 'vitest'
import { channels, data, distinct, seeds, shapes, shapesWithParts } from '../arbitraries.js'
import { expectGradients, onReference } from '../finite-differences.js'

test('gradients of reshape and transpose by central differences', () =>
  fc.assert(
    fc.asyncProperty(shapes(), seeds, async (shape, seed) => {
      const x = data(distinct, shape, seed)
      const permutation = shape.map((_, axis) => (axis + 1) % shape.length)
      await expectGradients((b, { x }) => b.reshape(x!, [...shape].reverse()), { x })
      await expectGradients((b, { x }) => b.transpose(x!, permutation), { x })
    }),
  ))

test('gradients of slice and pad by central differences', () =>
  fc.assert(
    fc.asyncProperty(shapesWithParts, seeds, async ({ shape, begin, size }, seed) => {
      const x = data(distinct, shape, seed)
      await expectGradients((b, { x }) => b.slice(x!, begin, size), { x })
      await expectGradients((b, { x }) => b.pad(x!, begin, size), { x })
    }),
  ))

test('gradients of concat by central differences, also with a tensor that comes twice', () =>
  fc.assert(
    fc.asyncProperty(
      shapes({ minRank: 1 }),
      fc.nat(3),
      fc.integer({ min: 1, max: 3 }),
      seeds,
      async (shape, n, other, seed) => {
        const axis = n % shape.length
        const inputs = { x: data(distinct, shape, seed), y: data(distinct, shape.with(axis, other), seed + 1) }
        await expectGradients((b, { x, y }) => b.concat([x!, y!, x!], axis), inputs)
      },
    ),
  ))

test('gradients of matMul by central differences, also of a matrix times itself', () =>
  fc.assert(
    fc.asyncProperty(channels, channels, channels, seeds, async (m, inner, n, seed) => {
      const inputs = { x: data(distinct, [m, inner], seed), y: data(distinct, [inner, n], seed + 1) }
      await expectGradients((b, { x, y }) => b.matMul(x!, y!), inputs)
      await expectGradients((b, { x }) => b.matMul(x!, x!), { x: data(distinct, [m, m], seed) })
    }),
  ))

test('worked by hand', () =>
  onReference(async b => {
    const x = b.tensor([1, 2, 3, 4, 5, 6], [2, 3])
    const flat = b.reshape(x, [3, 2])
    const results = [
      b.transpose(x, [1, 0]),
      b.slice(x, [0, 1], [2, 2]),
      b.pad(x, [1, 0], [0, 1]),
      b.concat([x, x], 1),
      b.matMul(x, flat),
    ]
    expect(results.map(y => b.shape(y))).toEqual([
      [3, 2],
      [2, 2],
      [3, 4],
      [2, 6],
      [2, 2],
    ])
    const values = await Promise.all(results.map(async y => [...(await b.read(y))]))
    expect(values).toEqual([
      [1, 4, 2, 5, 3, 6],
      [2, 3, 5, 6],
      [0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0],
      [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6],
      [22, 28, 49, 64],
    ])
    b.dispose([x, flat, results])
  }))
