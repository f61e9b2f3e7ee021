import { type Backend, referenceBackend } from '@cpnas/backends'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { data, distinct, fewChannels, seeds } from '../arbitraries.js'
import { onReference } from '../finite-differences.js'

const make = <T>(b: Backend<T>, shape: readonly number[], seed: number): T => {
  const { values } = data(distinct, shape, seed)
  return b.tensor(values, shape)
}

/** A small network of every kind of operation, with scopes, masks and disposals inside. */
const network = <T>(b: Backend<T>, p: { readonly [name in 'stem' | 'depthwise' | 'gamma' | 'head']: T }, images: T) => {
  const clipped = b.customGrad(x => ({
    value: b.sign(x!),
    gradient: dy => [b.scope(() => b.mul(dy, b.lessEqual(b.abs(x!), 1)))],
  }))
  const stem = b.batchNorm(b.conv2d(images, p.stem), { gamma: p.gamma })
  const cell = b.scope(() => {
    const noise = b.full(0.5, [1])
    const shifted = b.add(stem, noise)
    b.dispose(noise)
    const pooled = b.maxPool(shifted, 3)
    const separable = b.depthwiseConv2d(shifted, clipped(p.depthwise), { activation: 'sign', normalization: {} })
    return b.normalizedSum([{ x: pooled, normalization: {} }, { x: separable, normalization: {} }, { x: shifted }])
  })
  const features = b.mean(b.concat([cell, b.stopGradient(cell)], 3), [1, 2])
  const logits = b.matMul(features, p.head)
  const labels = b.argMax(logits)
  return { value: b.softmaxCrossEntropy(logits, labels), aux: { logits, nested: [{ labels }] } }
}

test('after valueAndGrad there is what was before and what it returned, in a scope or not', () =>
  fc.assert(
    fc.asyncProperty(fewChannels, fc.integer({ min: 1, max: 2 }), fc.boolean(), seeds, async (c, n, scoped, seed) =>
      onReference(async b => {
        const parameters = {
          stem: make(b, [3, 3, 2, c], seed),
          depthwise: make(b, [3, 3, c], seed + 1),
          gamma: make(b, [c], seed + 2),
          head: make(b, [2 * c, 3], seed + 3),
        }
        const images = make(b, [n, 5, 4, 2], seed + 4)
        const before = b.memory()
        const run = () => b.valueAndGrad(p => network(b, p, images), parameters)
        const result = scoped ? b.scope(run) : run()
        const returned = [1, 3 * n, n, 9 * 2 * c, 9 * c, c, 2 * c * 3]
        expect(b.memory()).toEqual({
          tensors: before.tensors + returned.length,
          bytes: before.bytes + 8 * returned.reduce((sum, size) => sum + size),
        })
        b.scope(() => void run())
        expect(b.memory().tensors).toBe(before.tensors + returned.length)
        b.dispose([images, parameters, result])
      }),
    ),
  ))

test('an error leaves nothing behind', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom('forward', 'backward'), seeds, async (where, seed) =>
      onReference(async b => {
        const parameters = {
          stem: make(b, [3, 3, 2, 4], seed),
          depthwise: make(b, [3, 3, 4], seed + 1),
          gamma: make(b, [4], seed + 2),
          head: make(b, [8, 3], seed + 3),
        }
        const images = make(b, [2, 5, 4, 2], seed + 4)
        const before = b.memory()
        const failing = b.customGrad(x => ({
          value: b.neg(x!),
          gradient: dy => {
            b.exp(dy)
            throw new Error('backward')
          },
        }))
        expect(() =>
          b.valueAndGrad(p => {
            const { value, aux } = network(b, { ...p, stem: failing(p.stem) }, images)
            if (where === 'forward') throw new Error('forward')
            return { value, aux }
          }, parameters),
        ).toThrow(where)
        expect(b.memory()).toEqual(before)
        expect(() => b.scope(() => b.add(make(b, [2], 1), make(b, [3], 2)))).toThrow('add')
        expect(b.memory()).toEqual(before)
        b.dispose([images, parameters])
      }),
    ),
    { numRuns: 20 },
  ))

test('the backward pass frees results as it goes', () => {
  const b = referenceBackend()
  const x = b.full(1, [1000])
  let most = 0
  const noting = b.customGrad(x => ({
    value: b.add(x!, 1),
    gradient: dy => {
      most = Math.max(most, b.memory().bytes)
      return [dy]
    },
  }))
  const depth = 50
  b.valueAndGrad(
    ({ x }) => {
      const top = Array.from({ length: depth }).reduce<typeof x>(y => b.exp(b.mul(y, 1e-3)), noting(x))
      return { value: b.sum(top) }
    },
    { x },
  )
  expect(most).toBeLessThan(8 * 1000 * 8)
})

test('scope frees all but what it returns, which belongs to the scope around it', () =>
  onReference(async b => {
    const outside = b.full(1)
    let after = 0
    b.scope(() => {
      const kept = b.scope(() => {
        const x = b.full(2, [3])
        return { list: [b.add(x, outside)], note: 'text', nothing: null, same: outside }
      })
      expect(b.memory().tensors).toBe(2)
      after = b.shape(kept.list[0]!)[0]!
      b.dispose(kept.list)
      expect(b.memory().tensors).toBe(1)
      b.full(7)
    })
    expect(after).toBe(3)
    expect(b.memory().tensors).toBe(1)
    b.dispose(outside)
  }))

test('a tensor that is disposed of while a gradient needs it lives until the gradient is there', () =>
  onReference(async b => {
    const x = b.tensor([2, 3], [2])
    const { value, gradients } = b.valueAndGrad(
      ({ x }) => {
        const factor = b.tensor([5, 7], [2])
        const product = b.mul(x, factor)
        const square = b.mul(product, product)
        b.dispose([factor, product])
        return { value: b.sum(square) }
      },
      { x },
    )
    expect([...(await b.read(gradients.x))]).toEqual([2 * 25 * 2, 2 * 49 * 3])
    b.dispose([x, value, gradients])
  }))

test('what a normalization needs for the gradient of gamma alone lives as long', () =>
  onReference(async b => {
    const gamma = b.tensor([2], [1])
    const { value, gradients } = b.valueAndGrad(
      ({ gamma }) => {
        const x = b.tensor([1, 5], [2, 1])
        const statistics = { mean: b.tensor([3], [1]), variance: b.tensor([4], [1]) }
        const normalized = b.batchNorm(x, { gamma, statistics, epsilon: 0 })
        const weighted = b.mul(normalized, x)
        b.dispose([x, statistics])
        return { value: b.sum(weighted) }
      },
      { gamma },
    )
    expect([...(await b.read(value)), ...(await b.read(gradients.gamma))]).toEqual([8, 4])
    b.dispose([gamma, value, gradients])
  }))

test('only plain arrays and records are searched for tensors', () => {
  const b = referenceBackend()
  const held = b.scope(() => new Map([['x', b.full(1)]]))
  expect(() => b.neg(held.get('x')!)).toThrow('used after it was freed')
  const record = b.scope(() => Object.assign(Object.create(null) as object, { x: b.full(1) }))
  expect(b.memory().tensors).toBe(1)
  b.dispose(record)
  class Holder {
    readonly x = b.full(1)
  }
  b.scope(() => new Holder())
  expect(b.memory().tensors).toBe(0)
})

test('tensors share memory until one of them is freed', () => {
  const b = referenceBackend()
  const x = b.full(1, [10])
  const y = b.reshape(x, [2, 5])
  expect(b.memory()).toEqual({ tensors: 2, bytes: 80 })
  b.dispose(x)
  expect(b.memory()).toEqual({ tensors: 1, bytes: 80 })
  b.dispose(y)
  expect(b.memory()).toEqual({ tensors: 0, bytes: 0 })
})

test('an asynchronous function is no scope', () => {
  const b = referenceBackend()
  expect(() => b.scope(async () => b.full(1))).toThrow('scope: the function must not be asynchronous')
  expect(b.memory().tensors).toBe(0)
})

test('freeing twice and using what was freed are errors', () => {
  const b = referenceBackend()
  const x = b.full(1)
  b.dispose(x)
  expect(() => b.dispose(x)).toThrow('freed twice')
  expect(() => b.neg(x)).toThrow('used after it was freed')
})
