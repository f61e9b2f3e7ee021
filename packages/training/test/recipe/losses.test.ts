import { referenceBackend } from '@cpnas/backends'
import { distillationLoss, smoothedCrossEntropy, softTargets, updateAverage, updateMoments } from '@cpnas/training'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'

let backend: ReturnType<typeof referenceBackend>
type T = ReturnType<typeof backend.tensor>
beforeEach(() => {
  backend = referenceBackend()
})

const matrix = (rows: readonly (readonly number[])[]): T => backend.tensor(rows.flat(), [rows.length, rows[0]!.length])
const vector = (values: readonly number[]): T => backend.tensor(values, [values.length])
const scalar = async (x: T): Promise<number> => (await backend.read(x))[0]!

const softmax = (row: readonly number[], temperature = 1): readonly number[] => {
  const largest = Math.max(...row)
  const e = row.map(x => Math.exp((x - largest) / temperature))
  const sum = e.reduce((a, b) => a + b)
  return e.map(x => x / sum)
}
const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Rows of logits, and a class and a row of a teacher for each. */
const batch = fc.integer({ min: 2, max: 5 }).chain(classes => {
  const logit = fc.double({ min: -30, max: 30, noNaN: true })
  const row = fc.array(logit, { minLength: classes, maxLength: classes })
  return fc.array(fc.record({ logits: row, teacher: row, label: fc.nat(classes - 1) }), { minLength: 1, maxLength: 4 })
})

/** The gradient to the logits by autodiff, and by central differences. */
const gradients = async (rows: readonly (readonly number[])[], f: (logits: T) => T) => {
  const { gradients } = backend.valueAndGrad(({ logits }) => ({ value: f(logits!) }), { logits: matrix(rows) })
  const h = 1e-5
  const numeric: number[] = []
  for (const [i, row] of rows.entries())
    for (const k of row.keys()) {
      const moved = (by: number) => matrix(rows.map((r, j) => (j === i ? r.with(k, r[k]! + by) : r)))
      numeric.push(((await scalar(f(moved(h)))) - (await scalar(f(moved(-h))))) / (2 * h))
    }
  return { exact: Array.from(await backend.read(gradients.logits)), numeric }
}
const expectClose = (found: readonly number[], wanted: readonly number[], digits = 6): void => {
  expect(found).toHaveLength(wanted.length)
  found.forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i]!, digits)
  })
}

describe('cross-entropy with label smoothing', () => {
  it('is that of the example by hand', async () => {
    // softmax(ln 2, 0) = (2/3, 1/3); of class 0 with smoothing 0.2 the target is (0.9, 0.1).
    const loss = smoothedCrossEntropy(backend, matrix([[Math.log(2), 0]]), vector([0]), 0.2)
    expect(await scalar(loss)).toBeCloseTo(-0.9 * Math.log(2 / 3) - 0.1 * Math.log(1 / 3), 12)
  })

  it('is the cross-entropy with the smoothed target, and its gradient softmax minus target over n', async () => {
    await fc.assert(
      fc.asyncProperty(batch, fc.double({ min: 0, max: 0.99, noNaN: true }), async (rows, smoothing) => {
        const classes = rows[0]!.logits.length
        const targets = rows.map(({ label }) =>
          Array.from({ length: classes }, (_, k) => smoothing / classes + (k === label ? 1 - smoothing : 0)),
        )
        const labels = vector(rows.map(({ label }) => label))
        const f = (logits: T): T => smoothedCrossEntropy(backend, logits, labels, smoothing)
        const logits = rows.map(row => row.logits)
        const wanted = rows.map(({ logits }, i) => {
          const logSum = Math.max(...logits) + Math.log(softmaxSum(logits))
          return targets[i]!.reduce((sum, q, k) => sum + q * (logSum - logits[k]!), 0)
        })
        expect(await scalar(f(matrix(logits)))).toBeCloseTo(meanOf(wanted), 9)
        const { exact } = await gradients(logits, f)
        expectClose(
          exact,
          rows.flatMap((row, i) => softmax(row.logits).map((p, k) => (p - targets[i]![k]!) / rows.length)),
          9,
        )
      }),
      { numRuns: 40 },
    )
  })

  it('is bit for bit the cross-entropy without smoothing', async () => {
    const [logits, labels] = [matrix([[0.1, 0.7, -3]]), vector([2])]
    expect(await scalar(smoothedCrossEntropy(backend, logits, labels, 0))).toBe(
      await scalar(backend.softmaxCrossEntropy(logits, labels)),
    )
  })
})

const softmaxSum = (row: readonly number[]): number => {
  const largest = Math.max(...row)
  return row.reduce((sum, x) => sum + Math.exp(x - largest), 0)
}

describe('distillation', () => {
  it('is that of the example by hand', async () => {
    // At temperature 2 the teacher's (2 ln 3, 0) is (3/4, 1/4), the student's (0, 0) is (1/2, 1/2).
    const targets = softTargets(backend, matrix([[2 * Math.log(3), 0]]), 2)
    expectClose(Array.from(await backend.read(targets.probabilities)), [0.75, 0.25], 12)
    const loss = distillationLoss(backend, matrix([[0, 0]]), vector([1]), targets, 2)
    expect(await scalar(loss)).toBeCloseTo(4 * (0.75 * Math.log(1.5) + 0.25 * Math.log(0.5)), 12)
  })

  it('is temperature^2 * KL, whatever the labels; its gradient is temperature * (student - teacher) / n', async () => {
    await fc.assert(
      fc.asyncProperty(batch, fc.double({ min: 0.5, max: 10, noNaN: true }), async (rows, t) => {
        const targets = softTargets(backend, matrix(rows.map(({ teacher }) => teacher)), t)
        const labels = vector(rows.map(({ label }) => label))
        const f = (logits: T): T => distillationLoss(backend, logits, labels, targets, t)
        const logits = rows.map(row => row.logits)
        const kl = rows.map(({ logits, teacher }) => {
          const [q, p] = [softmax(teacher, t), softmax(logits, t)]
          return q.reduce((sum, x, k) => sum + (x === 0 ? 0 : x * Math.log(x / p[k]!)), 0)
        })
        const value = await scalar(f(matrix(logits)))
        expect(value).toBeCloseTo(t ** 2 * meanOf(kl), 6)
        const others = vector(rows.map(({ label, logits }) => (label + 1) % logits.length))
        expect(await scalar(distillationLoss(backend, matrix(logits), others, targets, t))).toBeCloseTo(value, 6)
        const { exact } = await gradients(logits, f)
        const wanted = rows.flatMap(({ logits, teacher }) => {
          const q = softmax(teacher, t)
          return softmax(logits, t).map((p, k) => (t * (p - q[k]!)) / rows.length)
        })
        expectClose(exact, wanted, 9)
      }),
      { numRuns: 40 },
    )
  })

  it('is 0 from a network that says the same, and has the gradient of finite differences', async () => {
    const rows = [
      [1, -2, 0.5],
      [0, 3, 1],
    ]
    const same = distillationLoss(backend, matrix(rows), vector([0, 1]), softTargets(backend, matrix(rows), 3), 3)
    expect(await scalar(same)).toBeCloseTo(0, 12)
    const targets = softTargets(backend, matrix([rows[1]!, rows[0]!]), 3)
    const { exact, numeric } = await gradients(rows, x => distillationLoss(backend, x, vector([0, 1]), targets, 3))
    expectClose(exact, numeric)
  })
})

describe('running statistics', () => {
  const of = (mean: number, variance: number) => ({ mean: vector([mean]), variance: vector([variance]) })

  it('are those of the batches where those are constant, from the first on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        async (d, n) => {
          let running: ReturnType<typeof of> | undefined
          for (let update = 1; update <= n; update++) running = updateMoments(backend, running, of(3, 0.7), d, update)
          expect(await scalar(running!.mean)).toBeCloseTo(3, 12)
          expect(await scalar(running!.variance)).toBeCloseTo(0.7, 12)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('are the mean of the batches until those are 1 / (1 - decay), then forget', async () => {
    const batches = [4, 2, 9, 1, 5, 7]
    const decay = 0.75
    let running: ReturnType<typeof of> | undefined
    const found: number[] = []
    for (const [i, x] of batches.entries()) {
      running = updateMoments(backend, running, of(x, x), decay, i + 1)
      found.push(await scalar(running.mean))
    }
    expectClose(found, [4, 3, 5, 4, 0.75 * 4 + 0.25 * 5, 0.75 * (0.75 * 4 + 0.25 * 5) + 0.25 * 7], 12)
  })
})

describe('averaged weights', () => {
  it('are those of the recurrence, with a decay that begins at 2/11', async () => {
    const weights = [1, 3, -2, 5]
    let wanted = 0.5
    let average = { w: vector([0.5]) } as Readonly<Record<string, T>>
    for (const [i, w] of weights.entries()) {
      average = updateAverage(backend, average, { w: vector([w]) }, 0.3, i + 1)
      const d = [2 / 11, 3 / 12, 0.3, 0.3][i]!
      wanted = d * wanted + (1 - d) * w
      expect(await scalar(average.w!)).toBeCloseTo(wanted, 12)
    }
  })

  it('stay between the smallest and the largest, and at a constant', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 0.9999, noNaN: true }),
        async (weights, decay) => {
          let average = { w: vector([weights[0]!]) } as Readonly<Record<string, T>>
          for (const [i, w] of weights.entries())
            average = updateAverage(backend, average, { w: vector([w]) }, decay, i + 1)
          const value = await scalar(average.w!)
          expect(value).toBeGreaterThanOrEqual(Math.min(...weights) - 1e-12)
          expect(value).toBeLessThanOrEqual(Math.max(...weights) + 1e-12)
        },
      ),
      { numRuns: 20 },
    )
  })
})
