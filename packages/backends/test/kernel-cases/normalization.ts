import { type Kernels, type Shape, sizeOf } from '@cpnas/backends'
import fc from 'fast-check'
import { channels, type Data, data, floats, mapData, seeds } from '../arbitraries.js'
import { absolute, describe, type KernelCase, linearCase, onOperands } from './kernel-case.js'

/** Images, vectors, and now and then enough values for an engine to share the work out to threads. */
const shapes: fc.Arbitrary<Shape> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }), channels)
      .map(([outer, c]) => [...outer, c]),
  },
  { weight: 1, arbitrary: fc.constantFrom([2, 33, 33, 12], [3001, 7]) },
)

const rows = (shape: Shape): number => sizeOf(shape) / shape.at(-1)!

const moments = fc.tuple(shapes, seeds, fc.constantFrom(0, 10)).map(([shape, seed, offset]): KernelCase => {
  const x = data((length, seed) => floats(length, seed).map(v => Math.fround(v + offset)), shape, seed)
  const axes = shape.slice(0, -1).map((_, axis) => axis)
  const average = <H>(k: Kernels<H>, values: H): H => {
    const sum = k.sum(values, axes)
    const count = k.fill(rows(shape), [])
    const quotient = k.binary('div', sum, count)
    for (const handle of [sum, count]) k.free(handle)
    return quotient
  }
  return {
    name: describe('moments', [shape], { offset }, seed),
    run: onOperands([x], (k, x) => {
      const { mean, variance } = k.moments(x!)
      return [mean, variance]
    }),
    magnitude: onOperands([absolute(x)], (k, x) => {
      const mean = average(k, x!)
      const spread = k.binary('add', x!, mean)
      const squares = k.binary('mul', spread, spread)
      const variance = average(k, squares)
      for (const handle of [spread, squares]) k.free(handle)
      return [mean, variance]
    }),
    terms: 2 * rows(shape) + 4,
  }
})

const affineSum = fc
  .record({
    shape: shapes,
    scaled: fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
    withShift: fc.boolean(),
    withInto: fc.boolean(),
    seed: seeds,
  })
  .map(({ shape, scaled, withShift, withInto, seed }) => {
    const vector: Shape = shape.slice(-1)
    const xs = scaled.map((_, i) => data(floats, shape, seed + i))
    const scales = scaled.flatMap((isScaled, i) => (isScaled ? [data(floats, vector, seed + 10 + i)] : []))
    const shift = withShift ? [data(floats, vector, seed + 20)] : []
    const into = withInto ? [data(floats, shape, seed + 21)] : []
    return linearCase(
      describe('affineSum', [shape], { scaled, shift: withShift, into: withInto }, seed),
      [...xs, ...scales, ...shift, ...into],
      2 * xs.length + 2,
      <H>(k: Kernels<H>, ...handles: readonly H[]) => {
        const rest = handles.slice(xs.length)
        const terms = scaled.map((isScaled, i) =>
          isScaled ? { x: handles[i]!, scale: rest.shift()! } : { x: handles[i]! },
        )
        return [k.affineSum(terms, withShift ? rest.shift()! : undefined, rest[0])]
      },
      into.length,
    )
  })

const channelSums = fc.tuple(shapes, fc.integer({ min: 1, max: 4 }), seeds).map(([shape, count, seed]): KernelCase => {
  const dy = data(floats, shape, seed)
  const xs = Array.from({ length: count }, (_, i) => data(floats, shape, seed + 1 + i))
  const means = Array.from({ length: count }, (_, i) => data(floats, shape.slice(-1), seed + 10 + i))
  const negated = (x: Data): Data => mapData(v => -Math.abs(v), x)
  const sums = <H>(k: Kernels<H>, dy: H, ...operands: readonly H[]): readonly H[] => {
    const terms = xs.map((_, i) => ({ x: operands[i]!, mean: operands[count + i]! }))
    const { dy: sum, dyx } = k.channelSums(dy, terms)
    return [sum, ...dyx]
  }
  return {
    name: describe('channelSums', [shape], { terms: count }, seed),
    run: onOperands([dy, ...xs, ...means], (k, dy, ...rest) => sums(k, dy!, ...rest)),
    magnitude: onOperands([absolute(dy), ...xs.map(absolute), ...means.map(negated)], (k, dy, ...rest) =>
      sums(k, dy!, ...rest),
    ),
    terms: rows(shape) + 2,
  }
})

/** Vectors of one channel count, with a variance that is none too small. */
const vectors = fc.tuple(channels, seeds).map(([c, seed]) => {
  const vector = (i: number): Data => data(floats, [c], seed + i)
  return { c, seed, vector, variance: mapData(v => Math.fround(Math.abs(v) + 0.1), vector(1)) }
})

const foldNormalization = fc
  .tuple(vectors, fc.boolean(), fc.boolean())
  .map(([{ c, seed, vector, variance }, withGamma, withBeta]): KernelCase => {
    const gamma = withGamma ? [vector(2)] : []
    const beta = withBeta ? [vector(3)] : []
    const fold = <H>(k: Kernels<H>, mean: H, spread: H, ...rest: readonly H[]): readonly H[] => {
      const folded = k.foldNormalization(
        mean,
        spread,
        1e-5,
        withGamma ? rest[0] : undefined,
        withBeta ? rest[withGamma ? 1 : 0] : undefined,
      )
      return [folded.precision, folded.scale, folded.shift]
    }
    const negated = mapData(v => -Math.abs(v), vector(0))
    return {
      name: describe('foldNormalization', [[c]], { withGamma, withBeta }, seed),
      run: onOperands([vector(0), variance, ...gamma, ...beta], (k, m, v, ...rest) => fold(k, m!, v!, ...rest)),
      magnitude: onOperands([negated, variance, ...gamma.map(absolute), ...beta.map(absolute)], (k, m, v, ...rest) =>
        fold(k, m!, v!, ...rest),
      ),
      terms: 6,
    }
  })

const foldNormalizationGrad = fc
  .tuple(vectors, fc.integer({ min: 1, max: 1000 }))
  .map(([{ c, seed, vector, variance }, count]): KernelCase => {
    const grad = <H>(k: Kernels<H>, mean: H, precision: H, scale: H, dy: H, dyx: H): readonly H[] => {
      const { slope, offset } = k.foldNormalizationGrad(mean, { precision, scale, shift: mean }, { dy, dyx }, count)
      return [slope, offset]
    }
    const operands = [vector(0), variance, vector(2), vector(3), vector(4)]
    return {
      name: describe('foldNormalizationGrad', [[c]], { count }, seed),
      run: onOperands(operands, (k, mean, precision, scale, dy, dyx) => grad(k, mean!, precision!, scale!, dy!, dyx!)),
      magnitude: onOperands(operands.map(absolute), (k, mean, precision, scale, dy, dyx) => {
        // With a negative scale and mean both results are sums of positive terms.
        const [down, back] = [k.unary('neg', scale!), k.unary('neg', mean!)]
        const results = grad(k, back, precision!, down, dy!, dyx!)
        for (const handle of [down, back]) k.free(handle)
        return results
      }),
      terms: 8,
    }
  })

/** Logits and labels, and their loss's sum of absolute terms in every element of `shape`. */
const losses = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 16), seeds)
  .map(([n, classes, spread, seed]) => {
    const logits = data((length, seed) => floats(length, seed).map(v => v * spread), [n, classes], seed)
    return {
      n,
      logits,
      labels: { values: floats(n, seed + 1).map(v => Math.floor(((v + 2) / 4) * classes)), shape: [n] },
      size: 1 + Math.log(classes) + 2 * logits.values.reduce((most, v) => Math.max(most, Math.abs(v)), 0),
      terms: 2 * classes + n + 8,
      description: describe('', [logits.shape], { spread }, seed),
    }
  })

const softmaxCrossEntropy = losses.map(
  ({ logits, labels, size, terms, description }): KernelCase => ({
    name: `softmaxCrossEntropy${description}`,
    run: onOperands([logits, labels], (k, logits, labels) => [k.softmaxCrossEntropy(logits!, labels!)]),
    magnitude: k => [k.fill(size, [])],
    terms,
  }),
)

const softmaxCrossEntropyGrad = losses.map(
  ({ n, logits, labels, size, terms, description }): KernelCase => ({
    name: `softmaxCrossEntropyGrad${description}`,
    run: onOperands([{ values: [-1.5], shape: [] }, logits, labels], (k, dy, logits, labels) => [
      k.softmaxCrossEntropyGrad(dy!, logits!, labels!),
    ]),
    magnitude: k => [k.fill((1.5 * size) / n, logits.shape)],
    terms,
  }),
)

export const normalizationCases = {
  moments,
  affineSum,
  channelSums,
  foldNormalization,
  foldNormalizationGrad,
  softmaxCrossEntropy,
  softmaxCrossEntropyGrad,
}
