import { type Backend, wasmBackend } from '@cpnas/backends'
import { reconstruct } from '@cpnas/binarize'
import {
  type Centers,
  type CpLossOptions,
  compactnessLoss,
  cpLoss,
  filterLoss,
  initialCenters,
  updateCenters,
} from '@cpnas/cp-loss'
import { afterAll, expect, test } from 'vitest'
import { distance, expectNoLeak, backend as reference } from './support.js'

const wasm = await wasmBackend({ threads: 1 })
afterAll(() => wasm.close())

const [n, side, channels, classes] = [6, 3, 2, 3]
const filterShape = [3, 3, 1, channels]
const waves = (count: number, phase: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(2.3 * i + phase))
const labels = [0, 2, 2, 0, 2, 0]

/** A 1-bit convolution of sines; its feature map's mean goes to a classifier. One step under `cpLoss`. */
const run = <T>(backend: Backend<T>, centers: Centers<T> | undefined, options: CpLossOptions, phase = 0) =>
  backend.valueAndGrad(
    ({ latent, head }) => {
      const images = backend.tensor(waves(n * side * side, phase), [n, side, side, 1])
      const features = backend.conv2d(images, reconstruct(backend, latent), { activation: 'sign' })
      const logits = backend.matMul(backend.mean(features, [1, 2]), head)
      const classOf = backend.tensor(labels, [n])
      const crossEntropy = backend.softmaxCrossEntropy(logits, classOf)
      const { value, aux } = cpLoss(
        backend,
        { crossEntropy, features, labels: classOf, classes, filters: [latent] },
        centers,
        options,
      )
      return { value, aux: { ...aux, features } }
    },
    {
      latent: backend.tensor(waves(9 * channels, 1), filterShape),
      head: backend.tensor(waves(channels * classes, 2), [channels, classes]),
    },
  )

const featureShape = [side, side, channels]
const start = <T>(backend: Backend<T>): Centers<T> => initialCenters(backend, classes, featureShape)
const number = async <T>(backend: Backend<T>, x: T): Promise<number> => (await backend.read(x))[0]!
const numbers = async <T>(backend: Backend<T>, xs: Readonly<Record<string, T>>): Promise<readonly number[]> =>
  (await Promise.all(Object.values(xs).map(async x => Array.from(await backend.read(x))))).flat()

test('is the weighted sum of its terms', async () => {
  const sum = async (options: CpLossOptions): Promise<readonly [number, readonly number[]]> => {
    const { value, aux } = run(reference, start(reference), options)
    return [await number(reference, value), await numbers(reference, { ...aux.terms })]
  }
  const [value, [ce = 0, filter = 0, compactness = 0]] = await sum({})
  expect(Math.min(ce, filter, compactness)).toBeGreaterThan(0)
  expect(value).toBeCloseTo(ce + filter + 0.01 * compactness, 12)
  const [weighted, terms] = await sum({ crossEntropyWeight: 2, filterWeight: 0.5, lambda: 3 })
  expect(terms).toEqual([ce, filter, compactness])
  expect(weighted).toBeCloseTo(2 * ce + 0.5 * filter + 3 * compactness, 12)
})

test('its terms are those of filterLoss and compactnessLoss', async () => {
  const options = { scale: 'layer', estimator: 'polynomial' } as const
  const centers = updateCenters(
    reference,
    start(reference),
    reference.tensor(waves(n * side * side * channels, 3), [n, ...featureShape]),
    reference.tensor(labels, [n]),
  )
  const { aux } = run(reference, centers, options)
  const latent = reference.tensor(waves(9 * channels, 1), filterShape)
  expect(await number(reference, aux.terms.filter!)).toBe(
    await number(reference, filterLoss(reference, [latent], options)),
  )
  const classOf = reference.tensor(labels, [n])
  const updated = updateCenters(reference, centers, aux.features, classOf)
  expect(await numbers(reference, aux.centers!)).toEqual(await numbers(reference, updated))
  expect(await number(reference, aux.terms.compactness!)).toBe(
    await number(reference, compactnessLoss(reference, aux.features, classOf, updated)),
  )
})

test('without centers it begins with those of no samples', async () => {
  const [given, begun] = [run(reference, start(reference), {}), run(reference, undefined, {})]
  expect(await number(reference, begun.value)).toBe(await number(reference, given.value))
  expect(await numbers(reference, begun.aux.centers!)).toEqual(await numbers(reference, given.aux.centers!))
})

test('a term of weight 0 adds nothing to value and gradients, and is not computed', async () => {
  const gradients = async (options: CpLossOptions): Promise<readonly number[]> =>
    numbers(reference, run(reference, start(reference), options).gradients)
  const none = { crossEntropyWeight: 0, filterWeight: 0, lambda: 0 }
  const { value, aux } = run(reference, start(reference), none)
  expect(await number(reference, value)).toBe(0)
  expect(Math.max(...(await gradients(none)).map(Math.abs))).toBe(0)
  expect(Object.keys(aux.terms)).toEqual(['crossEntropy'])
  const centers = start(reference)
  expect(run(reference, centers, none).aux.centers).toBe(centers)
  const parts = await Promise.all(
    [{ crossEntropyWeight: 1 }, { filterWeight: 1 }, { lambda: 0.01 }].map(only => gradients({ ...none, ...only })),
  )
  const whole = await gradients({})
  expect(
    distance(
      whole,
      whole.map((_, i) => parts.reduce((sum, part) => sum + part[i]!, 0)),
    ),
  ).toBeLessThan(1e-14)
  for (const part of parts) expect(Math.max(...part.map(Math.abs))).toBeGreaterThan(0)
})

test('a term of weight 0 adds nothing even where it is not finite', async () => {
  const b = reference
  const value = async (crossEntropy: number, feature: number, filter: number, options: CpLossOptions) => {
    const inputs = {
      crossEntropy: b.full(crossEntropy),
      features: b.full(feature, [n, ...featureShape]),
      labels: b.tensor(labels, [n]),
      classes,
      filters: [b.full(filter, filterShape)],
    }
    return number(b, cpLoss(b, inputs, start(b), options).value)
  }
  expect(await value(Number.POSITIVE_INFINITY, 0, 1, { crossEntropyWeight: 0 })).toBe(0)
  expect(await value(2, Number.POSITIVE_INFINITY, 1, { lambda: 0 })).toBe(2)
  expect(await value(2, 0, Number.NaN, { filterWeight: 0 })).toBe(2)
})

test('leaves no tensors behind but what it gives', () => {
  const b = reference
  const centers = start(b)
  const inputs = {
    features: b.full(1, [n, ...featureShape]),
    labels: b.tensor(labels, [n]),
    classes,
    crossEntropy: b.full(1),
  }
  const filters = [b.tensor(waves(9 * channels, 1), filterShape)]
  for (const [count, options] of [
    [5, {}],
    [1, { crossEntropyWeight: 0, filterWeight: 0, lambda: 0 }],
  ] as const)
    expectNoLeak(count, () => {
      const { value, aux } = cpLoss(b, { ...inputs, filters }, centers, options)
      const { crossEntropy: _, ...made } = aux.terms
      return { value, terms: made, ...(count === 5 && { centers: aux.centers }) }
    })
})

test('is the same on wasm over steps that carry the centers, and goes on there from the values read back', async () => {
  const steps = async <T>(backend: Backend<T>, phases: readonly number[], from: Centers<T>) => {
    let centers = from
    const results: (readonly number[])[] = []
    for (const phase of phases) {
      const { value, gradients, aux } = run(backend, centers, {}, phase)
      results.push(await numbers(backend, { value, ...aux.terms, ...gradients, ...aux.centers! }))
      backend.dispose([value, gradients, centers, aux.terms, aux.features])
      centers = aux.centers!
    }
    return { results, centers }
  }
  const expected = await steps(reference, [0, 1, 2], start(reference))
  const whole = await steps(wasm, [0, 1, 2], start(wasm))
  for (const [i, result] of whole.results.entries()) expect(distance(result, expected.results[i]!)).toBeLessThan(1e-5)
  const { centers } = await steps(wasm, [0, 1], start(wasm))
  const copied = async (x: ReturnType<typeof wasm.full>) => wasm.tensor(await wasm.read(x), wasm.shape(x))
  const restored = { counts: await copied(centers.counts), means: await copied(centers.means) }
  const resumed = await steps(wasm, [2], restored)
  expect(resumed.results).toEqual(whole.results.slice(2))
})

test('with a Parent, filters and features are held to it, and no class means are kept', async () => {
  const features = reference.tensor([1, 2, 3, -1], [2, 1, 1, 2])
  const latent = reference.tensor([1, 0.5, -3, 0], [1, 2, 1, 2])
  const parent = {
    filters: [reference.tensor([1, 0, -1, 1], [1, 2, 1, 2])],
    features: reference.tensor([1, 0, 2, 1], [2, 1, 1, 2]),
  }
  const inputs = {
    crossEntropy: reference.full(0.5),
    features,
    labels: reference.tensor([0, 1], [2]),
    classes: 2,
    filters: [latent],
  }
  const { value, aux } = cpLoss(reference, { ...inputs, parent }, undefined, { filterWeight: 2, lambda: 4 })
  // Of the tests of both terms: 1.3125 and 1.125.
  expect(await number(reference, value)).toBe(0.5 + 2 * 1.3125 + 4 * 1.125)
  expect(aux.centers).toBeUndefined()
})
