import fc from 'fast-check'
import { expect, test } from 'vitest'
import { data, distinct, fewChannels, seeds } from '../arbitraries.js'
import { expectGradients, gradientsOf, onReference } from '../finite-differences.js'

test('gradient of softmaxCrossEntropy to the logits by central differences', () =>
  fc.assert(
    fc.asyncProperty(fewChannels, fewChannels, seeds, async (n, classes, seed) => {
      const labels = Array.from({ length: n }, (_, i) => (i + seed) % classes)
      const logits = data(distinct, [n, classes], seed)
      await expectGradients((b, { logits }) => b.softmaxCrossEntropy(logits!, b.tensor(labels, [n])), { logits })
    }),
  ))

test('the labels take no gradient', async () => {
  const inputs = { logits: { values: [1, 2], shape: [1, 2] }, labels: { values: [1], shape: [1] } }
  const gradients = await gradientsOf((b, { logits, labels }) => b.softmaxCrossEntropy(logits!, labels!), inputs)
  expect(gradients.labels).toEqual(new Float64Array(1))
})

test('worked by hand, and for logits whose exponentials overflow', () =>
  onReference(async b => {
    const labels = b.tensor([1, 0], [2])
    const logits = b.tensor([0, 0, Math.log(3), 0], [2, 2])
    const large = b.tensor([1000, 0, 0, 2000], [2, 2])
    const results = [b.softmaxCrossEntropy(logits, labels), b.softmaxCrossEntropy(large, labels)]
    const [small, huge] = await Promise.all(results.map(async y => (await b.read(y))[0]!))
    expect(small).toBeCloseTo((Math.log(2) - Math.log(3 / 4)) / 2, 12)
    expect(huge).toBe(1500)
    b.dispose([labels, logits, large, results])
  }))
