import { readFileSync } from 'node:fs'
import { type Backend, referenceBackend, type Shape, sizeOf, wasmBackend } from '@cpnas/backends'
import { type Genotype, type NetworkKind, type NetworkSpec, network, parameterShapes } from '@cpnas/supernet'
import { afterAll, describe, expect, test } from 'vitest'

/** See fixtures/README.md. */
interface Result {
  readonly logits: readonly number[]
  readonly loss: number
  readonly gradients: Readonly<Record<string, number>>
}

interface Fixture extends Readonly<Record<NetworkKind, Result>> {
  readonly name: string
  readonly spec: NetworkSpec
  readonly genotype: Genotype
  readonly height: number
  readonly width: number
  readonly labels: readonly number[]
}

const fixtures: readonly Fixture[] = JSON.parse(
  readFileSync(new URL('fixtures/networks.json', import.meta.url), 'utf8'),
)

/** Numbers in +-1.25 that depend on a name: Lehmer's generator modulo 2^31 - 1, exact in float64. */
const numbers = (name: string, size: number): readonly number[] => {
  const modulus = 2 ** 31 - 1
  let state = 1
  for (const character of name) state = (state * 31 + character.charCodeAt(0)) % modulus
  return Array.from({ length: size }, () => {
    state = (state * 48271) % modulus
    return (state / modulus - 0.5) * 2.5
  })
}

const run = async <T>(backend: Backend<T>, fixture: Fixture, kind: NetworkKind): Promise<Result> => {
  const tensor = (name: string, shape: Shape) => backend.tensor(numbers(name, sizeOf(shape)), shape)
  const { spec, genotype, height, width, labels } = fixture
  const parameters = Object.fromEntries(
    Object.entries(parameterShapes(spec, genotype, kind)).map(([name, shape]) => [name, tensor(name, shape)]),
  )
  const images = tensor('images', [labels.length, height, width, spec.inChannels])
  const { value, gradients, aux } = backend.valueAndGrad(p => {
    const { logits } = network(spec, genotype, kind)(backend, p, images)
    return { value: backend.softmaxCrossEntropy(logits, backend.tensor(labels, [labels.length])), aux: logits }
  }, parameters)
  const products = Object.entries(gradients).map(async ([name, gradient]) => {
    const values = await backend.read(gradient)
    const probe = numbers(`probe ${name}`, values.length)
    return [name, probe.reduce((sum, p, i) => sum + p * values[i]!, 0)] as const
  })
  return {
    logits: Array.from(await backend.read(aux)),
    loss: (await backend.read(value))[0]!,
    gradients: Object.fromEntries(await Promise.all(products)),
  }
}

const expectResult = ({ logits, loss, gradients }: Result, expected: Result, tolerance: number) => {
  const expectClose = (actual: number | undefined, value: number) => {
    expect(Math.abs(actual! - value)).toBeLessThan(tolerance * (1 + Math.abs(value)))
  }
  expect(logits).toHaveLength(expected.logits.length)
  expected.logits.forEach((logit, i) => {
    expectClose(logits[i], logit)
  })
  expectClose(loss, expected.loss)
  for (const [name, product] of Object.entries(expected.gradients)) expectClose(gradients[name], product)
}

const reference = referenceBackend()
const wasm = await wasmBackend({ threads: 2 })
afterAll(() => wasm.close())

describe.each(fixtures)('as in PyTorch: $name', fixture => {
  test.each(['child', 'parent'] as const)('%s', async kind => {
    expectResult(await run(reference, fixture, kind), fixture[kind], 1e-9)
  })

  // Not the Child: the values of its 1-bit convolutions are few, so that the mean of a batch often is one of them, and
  // then the sign of the normalized value is a matter of the last bit.
  test('parent in float32', async () => {
    expectResult(await run(wasm, fixture, 'parent'), fixture.parent, 1e-4)
  })
})
