import { metrics, tally } from '@cpnas/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const names = (classes: number): readonly string[] => Array.from({ length: classes }, (_, k) => `class ${k}`)

interface Case {
  readonly logits: readonly number[]
  readonly labels: readonly number[]
  readonly classes: number
}

/** Few different logits, so that there are ties. */
const cases: fc.Arbitrary<Case> = fc
  .record({ classes: fc.integer({ min: 1, max: 8 }), images: fc.integer({ min: 1, max: 30 }) })
  .chain(({ classes, images }) => {
    const exactly = (n: number) => ({ minLength: n, maxLength: n })
    const logit = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -50, max: 50, noNaN: true }))
    return fc.record({
      classes: fc.constant(classes),
      logits: fc.array(logit, exactly(images * classes)),
      labels: fc.array(fc.nat(classes - 1), exactly(images)),
    })
  })

const of = ({ logits, labels, classes }: Case) => metrics(logits, labels, names(classes))
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

describe('metrics', () => {
  it('of four images of three classes, by hand', () => {
    const p = Math.log(2)
    // Probabilities: 1/2 1/4 1/4, twice 1/4 1/4 1/2, and 1/4 1/2 1/4.
    const logits = [p, 0, 0, 0, 0, p, 0, 0, p, 0, p, 0]
    const result = metrics(logits, [0, 2, 0, 0], ['a', 'b', 'c'])
    expect(result.images).toBe(4)
    expect(result.top1).toBe(0.5)
    expect(result.top5).toBe(1)
    expect(result.loss).toBeCloseTo((Math.log(2) + Math.log(2) + Math.log(4) + Math.log(4)) / 4, 12)
    expect(result.confusion).toEqual([
      [1, 1, 1],
      [0, 0, 0],
      [0, 0, 1],
    ])
    expect(result.classes).toEqual([
      { name: 'a', count: 3, predicted: 1, precision: 1, recall: 1 / 3, f1: 0.5 },
      { name: 'b', count: 0, predicted: 1, precision: 0, recall: null, f1: 0 },
      { name: 'c', count: 1, predicted: 2, precision: 0.5, recall: 1, f1: 2 / 3 },
    ])
    // All in the bin of 7/15 to 8/15, half of them right.
    expect(result.calibration.meanConfidence).toBeCloseTo(0.5, 12)
    expect(result.calibration.error).toBeCloseTo(0, 12)
    expect(result.calibration.bins.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0])
    expect(result.calibration.bins[7]).toEqual({
      lower: 7 / 15,
      upper: 8 / 15,
      count: 4,
      accuracy: 0.5,
      confidence: expect.closeTo(0.5, 12),
    })
    expect(result.calibration.bins[0]).toMatchObject({ accuracy: null, confidence: null })
  })

  it('a class that is neither there nor guessed has no precision, recall or F1', () => {
    expect(metrics([1, 0], [0], ['a', 'b']).classes[1]).toEqual({
      name: 'b',
      count: 0,
      predicted: 0,
      precision: null,
      recall: null,
      f1: null,
    })
  })

  it('overconfidence by hand: sure to 3/4 and right in 1/4 of the images is an error of 1/2', () => {
    const sure = [Math.log(3), 0]
    const result = metrics([sure, sure, sure, sure].flat(), [0, 1, 1, 1], ['a', 'b'])
    expect(result.calibration.error).toBeCloseTo(0.5, 12)
  })

  it('images of two bins weigh by their number', () => {
    // Three images sure to 3/4, all right: 1/4 off; one image sure to 9/10, wrong: 9/10 off.
    const logits = [...Array(3).fill([Math.log(3), 0]), [Math.log(9), 0]].flat()
    expect(metrics(logits, [0, 0, 0, 1], ['a', 'b']).calibration.error).toBeCloseTo((3 * 0.25 + 0.9) / 4, 12)
  })

  it('a perfectly calibrated network has no calibration error', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 4 }), (denominator, times) => {
        // Of `denominator` images, each sure to (denominator - 1) / denominator, one is wrong.
        const logits = Array.from({ length: denominator * times }, () => [Math.log(denominator - 1), 0]).flat()
        const labels = Array.from({ length: denominator * times }, (_, i) => (i % denominator === 0 ? 1 : 0))
        expect(metrics(logits, labels, names(2)).calibration.error).toBeCloseTo(0, 12)
      }),
    )
  })

  it('rows of the confusion matrix add up to the counts, columns to the guesses, the diagonal to what is right', () => {
    fc.assert(
      fc.property(cases, given => {
        const { confusion, classes, images, top1, top5, calibration } = of(given)
        expect(confusion.map(total)).toEqual(classes.map((_, k) => given.labels.filter(label => label === k).length))
        expect(confusion.map(total)).toEqual(classes.map(({ count }) => count))
        expect(classes.map((_, k) => total(confusion.map(row => row[k]!)))).toEqual(
          classes.map(({ predicted }) => predicted),
        )
        expect(total(confusion.map((row, k) => row[k]!)) / images).toBe(top1)
        expect(images).toBe(given.labels.length)
        expect(top5).toBeGreaterThanOrEqual(top1)
        if (given.classes <= 5) expect(top5).toBe(1)
        expect(total(calibration.bins.map(({ count }) => count))).toBe(images)
      }),
    )
  })

  it('shares lie in 0..1, the error of calibration is at least the distance of confidence and accuracy', () => {
    fc.assert(
      fc.property(cases, given => {
        const { top1, top5, loss, calibration, classes } = of(given)
        const shares = [top1, top5, calibration.error, ...classes.flatMap(c => [c.precision, c.recall, c.f1])]
        for (const share of shares) if (share !== null) expect(share >= 0 && share <= 1).toBe(true)
        expect(calibration.meanConfidence).toBeGreaterThanOrEqual(1 / given.classes - 1e-12)
        expect(calibration.meanConfidence).toBeLessThanOrEqual(1 + 1e-12)
        expect(calibration.error).toBeGreaterThanOrEqual(Math.abs(top1 - calibration.meanConfidence) - 1e-12)
        expect(loss).toBeGreaterThanOrEqual(0)
        for (const { lower, upper, count, confidence } of calibration.bins)
          if (count > 0) expect(confidence! > lower - 1e-12 && confidence! <= upper + 1e-12).toBe(true)
      }),
    )
  })

  it('does not depend on the order of the images, nor on how they come in batches', () => {
    const close = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (_, x) => (typeof x === 'number' ? Number(x.toPrecision(9)) : x))
    fc.assert(
      fc.property(cases, fc.nat(), ({ logits, labels, classes }, at) => {
        const cut = at % labels.length
        const rotate = (values: readonly number[], n: number) => [...values.slice(n), ...values.slice(0, n)]
        const whole = metrics(logits, labels, names(classes))
        const rotated = metrics(rotate(logits, cut * classes), rotate(labels, cut), names(classes))
        expect(close(rotated)).toEqual(close(whole))
        const inBatches = tally(names(classes))
        inBatches.add(logits.slice(0, cut * classes), labels.slice(0, cut))
        inBatches.add(logits.slice(cut * classes), labels.slice(cut))
        expect(inBatches.metrics()).toEqual(whole)
      }),
    )
  })

  it('does not change when all logits of an image are raised', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }),
        fc.nat(2),
        (row, label) => {
          const raised = row.map(x => x + 700)
          expect(metrics(raised, [label], names(3))).toEqual(metrics(row, [label], names(3)))
        },
      ),
    )
  })

  it('of equal logits the one of the lower class is the larger', () => {
    const flat = Array<number>(7).fill(0.5)
    for (let label = 0; label < 7; label++) {
      const { top1, top5, loss } = metrics(flat, [label], names(7))
      expect([top1, top5]).toEqual([label === 0 ? 1 : 0, label < 5 ? 1 : 0])
      expect(loss).toBeCloseTo(Math.log(7), 12)
    }
  })

  it('is exact where a softmax in probabilities would overflow', () => {
    expect(metrics([1000, 0], [1], names(2)).loss).toBe(1000)
    expect(metrics([1000, 0], [0], names(2)).loss).toBe(0)
  })

  it.each([
    ['a label that is no class', [0, 0], [2]],
    ['a label that is no integer', [0, 0], [0.5]],
    ['a logit that is no number', [0, Number.NaN], [0]],
    ['an infinite logit', [0, Infinity], [0]],
    ['a missing logit', [0], [0]],
    ['no images', [], []],
  ])('refuses %s', (_, logits, labels) => {
    expect(() => metrics(logits, labels, names(2))).toThrow(RangeError)
  })
})
