import { referenceBackend } from '@cpnas/backends'
import {
  cpNas,
  fullSpace,
  type Genotype,
  type Mixture,
  type NetworkSpec,
  network,
  type OperationPlace,
  parameterShapes,
  supernetShapes,
} from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distance, genotype, imagesOf, kind, mixed, parametersOf, tinySpec } from './support.js'

const backend = referenceBackend()
type Tensor = ReturnType<typeof backend.tensor>
const small: NetworkSpec = { cells: 3, channels: 2, inChannels: 1, classes: 3 }
const cases = { numRuns: 10 }

const asMixture = ({ normal, reduce }: Genotype): Mixture => ({
  normal: normal.map(name => [name]),
  reduce: reduce.map(name => [name]),
})

const mixtureOf = (a: Genotype, b: Genotype): Mixture => ({
  normal: a.normal.map((name, i) => [...new Set([name, b.normal[i]!])]),
  reduce: a.reduce.map((name, i) => [...new Set([name, b.reduce[i]!])]),
})

test('one operation of weight 1 on every edge is the network of the genotype, to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(tinySpec, genotype, kind, async (s, g, k) => {
      const parameters = parametersOf(backend, s, g, k)
      const images = imagesOf(backend, s)
      const of = (architecture: Genotype | Mixture) => network(s, architecture, k)(backend, parameters, images).logits
      expect(Array.from(await backend.read(of(asMixture(g))))).toEqual(Array.from(await backend.read(of(g))))
    }),
    cases,
  )
})

test('with weights 1 and 0 a mixture is the one architecture or the other', async () => {
  await fc.assert(
    fc.asyncProperty(tinySpec, genotype, genotype, kind, async (s, a, b, k) => {
      const mixture = mixtureOf(a, b)
      const parameters = parametersOf(backend, s, mixture, k)
      const images = imagesOf(backend, s)
      const zero = backend.full(0)
      for (const chosen of [a, b]) {
        const weight = ({ kind, edge, operation }: OperationPlace): Tensor | undefined =>
          chosen[kind][edge] === operation ? undefined : zero
        const { logits } = network(s, mixture, k)(backend, parameters, images, { weight })
        const alone = network(s, chosen, k)(backend, parameters, images).logits
        expect(await distance(backend, alone, logits)).toBeLessThan(1e-9)
      }
    }),
    cases,
  )
})

test('the gradient of a weight is that of finite differences, through softmax as in DARTS', async () => {
  const everything = fullSpace(cpNas)
  const parameters = parametersOf(backend, small, everything, 'parent')
  const images = imagesOf(backend, small)
  const labels = backend.tensor([0, 1, 2], [3])
  const names = everything.normal[0]!
  const edges = ['normal', 'reduce'].flatMap(kind => cpNas.edges.map((_, edge) => `${kind}.${edge}`))
  const starts = edges.map((edge, i) => [edge, names.map((_, j) => Math.sin(3 * i + j))] as const)

  const lossOf = (alphas: Readonly<Record<string, Tensor>>): Tensor => {
    const weights = Object.fromEntries(
      Object.entries(alphas).map(([edge, alpha]) => {
        const exponentials = backend.exp(alpha)
        return [edge, backend.div(exponentials, backend.sum(exponentials))]
      }),
    )
    const { logits } = network(small, everything, 'parent')(backend, parameters, images, {
      weight: ({ kind, edge, operation }) =>
        backend.slice(weights[`${kind}.${edge}`]!, [names.indexOf(operation)], [1]),
    })
    return backend.softmaxCrossEntropy(logits, labels)
  }
  const alphasOf = (moved?: string, by = 0): Readonly<Record<string, Tensor>> =>
    Object.fromEntries(
      starts.map(([edge, values]) => [
        edge,
        backend.tensor(
          values.map((value, j) => (edge === moved && j === 4 ? value + by : value)),
          [values.length],
        ),
      ]),
    )

  const { gradients } = backend.valueAndGrad(alphas => ({ value: lossOf(alphas) }), alphasOf())
  for (const edge of ['normal.0', 'normal.13', 'reduce.1', 'reduce.6']) {
    const step = 1e-5
    const [up, down] = await Promise.all(
      [step, -step].map(async by => (await backend.read(lossOf(alphasOf(edge, by))))[0]!),
    )
    expect((await backend.read(gradients[edge]!))[4]).toBeCloseTo((up! - down!) / (2 * step), 5)
  }
})

test('drop-path and weight multiply', async () => {
  const parameters = parametersOf(backend, small, mixed, 'parent')
  const images = imagesOf(backend, small)
  const half = backend.full(0.5, [3, 1, 1, 1])
  const run = (mode: object) => network(small, mixed, 'parent')(backend, parameters, images, mode).logits
  const isIdentity = (name: string): boolean => name.endsWith('skip_connect')
  const both = run({
    dropPath: () => half,
    weight: ({ operation }: OperationPlace) => (isIdentity(operation) ? undefined : backend.full(2)),
  })
  const none = run({
    weight: ({ kind, edge, operation }: OperationPlace) =>
      isIdentity(operation) && kind === 'reduce' && cpNas.edges[edge]!.from < 2 ? backend.full(0.5) : undefined,
  })
  // A skip of stride 2 is no identity, and is halved.
  expect(await distance(backend, both, none)).toBeLessThan(1e-9)
})

test('the supernet is the network of the full space', () => {
  expect(supernetShapes(small)).toEqual(parameterShapes(small, fullSpace(cpNas)))
})

test('an operation of another space is named', () => {
  const foreign = { ...mixed, normal: ['conv_7x7', ...mixed.normal.slice(1)] }
  expect(() => parameterShapes(small, foreign)).toThrow('network: conv_7x7 is no operation of the space cp-nas')
})
