import { type Backend, referenceBackend, wasmBackend } from '@cpnas/backends'
import { type NetworkSpec, network } from '@cpnas/supernet'
import { afterAll, expect, test } from 'vitest'
import { imagesOf, mixed, parametersOf } from './support.js'

const reference = referenceBackend()
const wasm = await wasmBackend({ threads: 2 })
afterAll(() => wasm.close())

const spec: NetworkSpec = { cells: 3, channels: 4, inChannels: 3, classes: 5, affine: true, auxiliary: true }

/** Both classifiers, their gradients, and what every normalization saw; then the evaluation with that. */
const run = async <T>(backend: Backend<T>, s: NetworkSpec): Promise<ReadonlyMap<string, ArrayLike<number>>> => {
  const parameters = parametersOf(backend, s, mixed, 'parent')
  const images = imagesOf(backend, s, 34, 31, 4)
  const labels = backend.tensor([0, 1, 2, 3], [4])
  const mask = backend.tensor([1.25, 0, 1.25, 1.25], [4, 1, 1, 1])
  const forward = network(s, mixed, 'parent')
  const { gradients, aux } = backend.valueAndGrad(p => {
    const statistics: Record<string, T> = {}
    const { logits, auxiliary } = forward(backend, p, images, {
      auxiliary: true,
      dropPath: () => mask,
      observe: (name, { mean, variance }) =>
        Object.assign(statistics, { [`${name}.mean`]: mean, [`${name}.variance`]: variance }),
    })
    const value = backend.add(
      backend.softmaxCrossEntropy(logits, labels),
      backend.softmaxCrossEntropy(auxiliary!, labels),
    )
    return { value, aux: { logits, auxiliary: auxiliary!, statistics } }
  }, parameters)
  const { statistics, ...outputs } = aux
  const evaluated = forward(backend, parameters, images, { statistics }).logits
  const all = Object.entries({ ...outputs, ...statistics, evaluated, ...gradients })
  return new Map(await Promise.all(all.map(async ([name, x]) => [name, await backend.read(x)] as const)))
}

test.each(['cifar', 'imagenet'] as const)(
  'a training Parent is on wasm what it is on the reference: %s',
  async stem => {
    const [expected, actual] = [await run(reference, { ...spec, stem }), await run(wasm, { ...spec, stem })]
    expect([...actual.keys()]).toEqual([...expected.keys()])
    for (const [name, values] of expected) {
      const largest = (of: ArrayLike<number>) => Array.from(of).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
      const error = largest(Array.from(values, (v, i) => v - actual.get(name)![i]!))
      expect(error / (1 + largest(values)), name).toBeLessThan(1e-3)
    }
  },
)
