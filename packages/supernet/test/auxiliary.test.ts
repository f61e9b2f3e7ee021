import { referenceBackend } from '@cpnas/backends'
import { type Genotype, type NetworkSpec, network, parameterShapes } from '@cpnas/supernet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distance, genotype, imagesOf, kind, mixed, parametersOf } from './support.js'

const backend = referenceBackend()
const spec: NetworkSpec = { cells: 1, channels: 1, inChannels: 1, classes: 3, auxiliary: true }

const headOf = (s: NetworkSpec, height: number, width: number, batch?: number, k: 'child' | 'parent' = 'child') => {
  const parameters = parametersOf(backend, s, mixed, k)
  const images = imagesOf(backend, s, height, width, batch)
  return { parameters, ...network(s, mixed, k)(backend, parameters, images, { auxiliary: true }) }
}

const bare = { top: 0, left: 0, bottom: 0, right: 0 }

test.each([
  ['cifar', 16, 3],
  ['imagenet', 112, 2],
] as const)('DARTS’s head on the maps of %s', async (stem, size, stride) => {
  const s: NetworkSpec = { ...spec, channels: 2, stem }
  const { parameters: p, features, auxiliary } = headOf(s, size, size, 2)
  expect(backend.shape(features).slice(1, 3)).toEqual(stem === 'cifar' ? [8, 8] : [7, 7])
  const normalized = (x: ReturnType<typeof backend.relu>, i: number) =>
    backend.relu(backend.batchNorm(x, { gamma: p[`auxiliary.${i}.gamma`]!, beta: p[`auxiliary.${i}.beta`]! }))
  const pooled = backend.avgPool(backend.relu(features), 5, { stride, padding: bare })
  const narrow = normalized(backend.conv2d(pooled, p['auxiliary.0.filters']!), 0)
  const wide = normalized(backend.conv2d(narrow, p['auxiliary.1.filters']!, { padding: bare }), 1)
  const logits = backend.add(
    backend.matMul(backend.reshape(wide, [2, 768]), p['auxiliary.weights']!),
    p['auxiliary.bias']!,
  )
  expect(await distance(backend, auxiliary!, logits)).toBeLessThan(1e-9)
})

test('on a map of one pixel it is its own average, and the other three taps of the 2x2 filters see zeros', async () => {
  const { parameters: p, features, auxiliary } = headOf(spec, 2, 1)
  expect(backend.shape(features)).toEqual([3, 1, 1, 8])
  const layer = (x: ReturnType<typeof backend.relu>, i: number, cin: number, cout: number) =>
    backend.relu(
      backend.batchNorm(
        backend.matMul(
          x,
          backend.reshape(backend.slice(p[`auxiliary.${i}.filters`]!, [0, 0, 0, 0], [1, 1, cin, cout]), [cin, cout]),
        ),
        { gamma: p[`auxiliary.${i}.gamma`]!, beta: p[`auxiliary.${i}.beta`]! },
      ),
    )
  const wide = layer(layer(backend.relu(backend.reshape(features, [3, 8])), 0, 8, 128), 1, 128, 768)
  const logits = backend.add(backend.matMul(wide, p['auxiliary.weights']!), p['auxiliary.bias']!)
  expect(await distance(backend, auxiliary!, logits)).toBeLessThan(1e-9)
})

test('maps of any size', () => {
  const side = fc.integer({ min: 1, max: 30 })
  fc.assert(
    fc.property(side, side, (height, width) => {
      backend.scope(() => {
        const { auxiliary } = headOf(spec, height, width, 2)
        expect(backend.shape(auxiliary!)).toEqual([2, 3])
      })
    }),
    { numRuns: 15 },
  )
})

test('without being asked for it changes nothing and needs no parameters', async () => {
  await fc.assert(
    fc.asyncProperty(genotype, kind, async (g: Genotype, k) => {
      const parameters = parametersOf(backend, { ...spec, auxiliary: false }, g, k)
      const images = imagesOf(backend, spec)
      const { logits, auxiliary } = network(spec, g, k)(backend, parameters, images)
      const all = parametersOf(backend, spec, g, k)
      const both = network(spec, g, k)(backend, all, images, { auxiliary: true })
      expect(auxiliary).toBeUndefined()
      expect(await distance(backend, both.logits, logits)).toBe(0)
    }),
    { numRuns: 5 },
  )
})

test('it reads the second reduction cell', async () => {
  const s: NetworkSpec = { ...spec, cells: 4 }
  const parameters = parametersOf(backend, s, mixed, 'parent')
  const images = imagesOf(backend, s)
  const { logits, auxiliary } = network(s, mixed, 'parent')(backend, parameters, images, { auxiliary: true })
  const dependsOn = async (prefix: string) => {
    const some = Object.entries(parameters).map(([name, x]) => [name, name.startsWith(prefix) ? backend.mul(x, x) : x])
    const other = network(s, mixed, 'parent')(backend, Object.fromEntries(some), images, { auxiliary: true })
    return [await distance(backend, other.auxiliary!, auxiliary!), await distance(backend, other.logits, logits)].map(
      d => d > 0,
    )
  }
  expect(await dependsOn('cells.2.')).toEqual([true, true])
  expect(await dependsOn('cells.3.')).toEqual([false, true])
  expect(await dependsOn('head.')).toEqual([false, true])
  expect(await dependsOn('auxiliary.')).toEqual([true, false])
})

test('its parameters come last, and only if the spec has it', () => {
  const { auxiliary: _, ...plain } = spec
  const names = Object.entries(parameterShapes(spec, mixed))
  expect(names.slice(0, -8)).toEqual(Object.entries(parameterShapes(plain, mixed)))
  expect(names.slice(-8)).toEqual([
    ['auxiliary.0.filters', [1, 1, 8, 128]],
    ['auxiliary.0.gamma', [128]],
    ['auxiliary.0.beta', [128]],
    ['auxiliary.1.filters', [2, 2, 128, 768]],
    ['auxiliary.1.gamma', [768]],
    ['auxiliary.1.beta', [768]],
    ['auxiliary.weights', [768, 3]],
    ['auxiliary.bias', [3]],
  ])
})

test('the gradients of an affine Parent with both classifiers are those of finite differences', async () => {
  const s: NetworkSpec = { ...spec, cells: 2, affine: true, sepConvRepeat: 2 }
  const parameters = parametersOf(backend, s, mixed, 'parent')
  const images = imagesOf(backend, s, 12, 12)
  const labels = backend.tensor([0, 1, 2], [3])
  const mask = backend.tensor([0, 1.25, 1.25], [3, 1, 1, 1])
  const loss = (p: typeof parameters) => {
    const { logits, auxiliary } = network(s, mixed, 'parent')(backend, p, images, {
      auxiliary: true,
      dropPath: name => (name.includes('edges.3.') || name.includes('edges.0.') ? mask : undefined),
    })
    return backend.add(
      backend.softmaxCrossEntropy(logits, labels),
      backend.mul(0.4, backend.softmaxCrossEntropy(auxiliary!, labels)),
    )
  }
  const { gradients } = backend.valueAndGrad(p => ({ value: loss(p) }), parameters)
  // So small that hardly any ReLU or maximum changes its side.
  const h = 1e-7
  // A gamma or a beta of every place, filters on both sides of the masks, and the head.
  const places = Object.keys(parameters).filter(name =>
    /auxiliary|stem|inputs\.[01]\.(gamma|beta)|edges\.1\.|cells\.1\.edges\.[03]\./.test(name),
  )
  expect(places.length).toBeGreaterThan(30)
  for (const name of places) {
    const x = parameters[name]!
    const shape = backend.shape(x)
    const direction = backend.tensor(
      (await backend.read(x)).map((_, i) => Math.cos(3 * i + name.length)),
      shape,
    )
    const at = async (step: number) =>
      (await backend.read(loss({ ...parameters, [name]: backend.linearCombination(1, x, step, direction) })))[0]!
    const expected = ((await at(h)) - (await at(-h))) / (2 * h)
    const actual = (await backend.read(backend.sum(backend.mul(gradients[name]!, direction))))[0]!
    expect(Math.abs(actual - expected), name).toBeLessThan(1e-5 * (1 + Math.abs(expected)))
  }
})
