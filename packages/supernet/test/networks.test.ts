import { readFileSync } from 'node:fs'
import { referenceBackend, type Shape, sizeOf } from '@cpnas/backends'
import { type Genotype, type NetworkKind, type NetworkSpec, network, parameterShapes } from '@cpnas/supernet'
import { describe, expect, test } from 'vitest'

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

const backend = referenceBackend()
const tensor = (name: string, shape: Shape) => backend.tensor(numbers(name, sizeOf(shape)), shape)

const run = async (fixture: Fixture, kind: NetworkKind): Promise<Result> => {
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

const expectClose = (actual: number | undefined, expected: number) => {
  expect(Math.abs(actual! - expected)).toBeLessThan(1e-9 * (1 + Math.abs(expected)))
}

describe.each(fixtures)('as in PyTorch: $name', fixture => {
  test.each(['child', 'parent'] as const)('%s', async kind => {
    const { logits, loss, gradients } = await run(fixture, kind)
    const expected = fixture[kind]
    expect(logits).toHaveLength(expected.logits.length)
    expected.logits.forEach((logit, i) => {
      expectClose(logits[i], logit)
    })
    expectClose(loss, expected.loss)
    for (const [name, product] of Object.entries(expected.gradients)) expectClose(gradients[name], product)
  })
})
