import fc from 'fast-check'
import { expect, test } from 'vitest'
import { data, distinct, seeds, shapesWithAxes } from '../arbitraries.js'
import { expectGradients, onReference } from '../finite-differences.js'

test.each(['sum', 'mean'] as const)('gradient of %s over any axes by central differences', operation =>
  fc.assert(
    fc.asyncProperty(shapesWithAxes, seeds, async ({ shape, axes }, seed) => {
      const x = data(distinct, shape, seed)
      await expectGradients((b, { x }) => b[operation](x!, axes), { x })
      await expectGradients((b, { x }) => b[operation](x!), { x })
    }),
  ),
)

test('a reduction adds to a gradient that is already there', () =>
  fc.assert(
    fc.asyncProperty(shapesWithAxes, seeds, async ({ shape, axes }, seed) => {
      const x = data(distinct, shape, seed)
      await expectGradients((b, { x }) => b.add(b.mean(b.mul(b.sum(x!, axes), b.mean(x!, axes))), b.sum(x!)), { x })
    }),
  ))

test('worked by hand', () =>
  onReference(async b => {
    const x = b.tensor([1, 5, 5, 4, 6, 2], [2, 3])
    const results = [b.sum(x), b.sum(x, [0]), b.mean(x, [1]), b.sum(x, []), b.argMax(x)]
    expect(results.map(y => b.shape(y))).toEqual([[], [3], [2], [2, 3], [2]])
    const values = await Promise.all(results.map(async y => [...(await b.read(y))]))
    expect(values).toEqual([[23], [5, 11, 7], [11 / 3, 4], [1, 5, 5, 4, 6, 2], [1, 1]])
    b.dispose([x, results])
  }))
