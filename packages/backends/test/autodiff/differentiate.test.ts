import type { Backend } from '@cpnas/backends'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { data, distinct, seeds, shapes } from '../arbitraries.js'
import { expectGradients, onReference } from '../finite-differences.js'

const numbers = async <T>(b: Backend<T>, x: T): Promise<readonly number[]> => [...(await b.read(x))]

test('value, gradients by name and what else f returned', () =>
  onReference(async b => {
    const parameters = { x: b.tensor([1, 2], [2]), unused: b.tensor([5, 5, 5], [3]) }
    const { value, gradients, aux } = b.valueAndGrad(({ x }) => {
      const squares = b.mul(x, x)
      return { value: b.sum(squares), aux: { squares, note: 'kept' } }
    }, parameters)
    expect(await numbers(b, value)).toEqual([5])
    expect(await numbers(b, gradients.x)).toEqual([2, 4])
    expect(await numbers(b, gradients.unused)).toEqual([0, 0, 0])
    expect(await numbers(b, aux.squares)).toEqual([1, 4])
    expect(aux.note).toBe('kept')
    b.dispose([parameters, value, gradients, aux])
  }))

test('a value that does not depend on the parameters, and one that is a parameter', () =>
  onReference(async b => {
    const x = b.full(3)
    const constant = b.valueAndGrad(() => ({ value: b.full(1) }), { x })
    const itself = b.valueAndGrad(({ x }) => ({ value: x }), { x })
    expect(await numbers(b, constant.gradients.x)).toEqual([0])
    expect(await numbers(b, itself.gradients.x)).toEqual([1])
    expect(await numbers(b, itself.value)).toEqual([3])
    b.dispose([x, constant, itself])
  }))

test('gradients add up over consumers of every kind', () => {
  const images = fc.tuple(
    fc.integer({ min: 1, max: 2 }),
    fc.integer({ min: 2, max: 5 }),
    fc.integer({ min: 1, max: 5 }),
  )
  return fc.assert(
    fc.asyncProperty(
      images,
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 2 }),
      seeds,
      async ([n, size, c], order, seed) => {
        const inputs = {
          x: data(distinct, [n, size, size, c], seed),
          w: data(distinct, [3, 3, c, c], seed + 1),
          d: data(distinct, [3, 3, c], seed + 2),
        }
        await expectGradients((b, { x, w, d }) => {
          const consumers = [
            () => b.conv2d(x!, w!, { activation: 'relu' }),
            () => b.depthwiseConv2d(x!, d!),
            () => b.maxPool(x!, 3),
            () => b.avgPool(x!, 3),
            () => b.batchNorm(x!),
            () => b.normalizedSum([{ x: x! }, { x: x!, normalization: {} }, { x: x! }]),
            () => b.mul(x!, x!),
            () => b.conv2d(x!, w!, { normalization: {} }),
            () => b.linearCombination(2, x!, 0.5, x!),
          ]
          return order.map(i => consumers[i]!()).reduce((sum, y) => b.add(sum, y))
        }, inputs)
      },
    ),
    { numRuns: 60 },
  )
})

test('gradients go through chains of every kind of operation', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(6), { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      seeds,
      async (links, c, seed) => {
        const inputs = {
          x: data(distinct, [2, 3, 3, c], seed),
          w: data(distinct, [3, 3, c, c], seed + 1),
          d: data(distinct, [3, 3, c], seed + 2),
          gamma: data(distinct, [c], seed + 3),
        }
        await expectGradients(<T>(b: Backend<T>, { x, w, d, gamma }: Readonly<Record<string, T>>) => {
          const operations: readonly ((y: T) => T)[] = [
            y => b.conv2d(y, w!),
            y => b.depthwiseConv2d(y, d!),
            y => b.batchNorm(y, { gamma: gamma!, epsilon: 0.1 }),
            y => b.normalizedSum([{ x: y, normalization: { epsilon: 0.1 } }, { x: x! }]),
            y => b.conv2d(y, w!, { normalization: { epsilon: 0.1 } }),
            y => b.exp(b.mul(y, 0.01)),
            y => b.avgPool(y, 3),
          ]
          return links.reduce<T>((y, link) => operations[link]!(y), x!)
        }, inputs)
      },
    ),
  ))

test('stopGradient cuts off', () =>
  onReference(async b => {
    const x = b.tensor([2, 3], [2])
    const { value, gradients } = b.valueAndGrad(({ x }) => ({ value: b.sum(b.mul(x, b.stopGradient(x))) }), { x })
    expect(await numbers(b, value)).toEqual([13])
    expect(await numbers(b, gradients.x)).toEqual([2, 3])
    b.dispose([x, value, gradients])
  }))

test('a customGrad with the true gradient is the operation itself', () =>
  fc.assert(
    fc.asyncProperty(shapes(), seeds, async (shape, seed) => {
      const inputs = { x: data(distinct, shape, seed), y: data(distinct, shape, seed + 1) }
      await expectGradients((b, { x, y }) => {
        const product = b.customGrad((x, y) => ({
          value: b.mul(x!, y!),
          gradient: dy => [b.mul(dy, y!), b.mul(dy, x!)],
        }))
        return b.add(product(x!, y!), product(b.exp(x!), x!))
      }, inputs)
    }),
  ))

test('customGrad: a straight-through estimator, and gradients that are dy, a captured tensor, and the same tensor twice', () =>
  onReference(async b => {
    const parameters = { x: b.tensor([-2, -0.5, 0, 3], [4]), y: b.tensor([1, 2, 3, 4], [4]) }
    const ste = b.customGrad(x => ({
      value: b.sign(x!),
      gradient: dy => [b.mul(dy, b.lessEqual(b.abs(x!), 1))],
    }))
    const straight = b.customGrad((x, y) => ({ value: b.add(x!, y!), gradient: dy => [dy, dy] }))
    const odd = b.customGrad((x, y) => ({ value: b.add(x!, y!), gradient: () => [y!, y!] }))
    const f = (g: (x: typeof parameters.x, y: typeof parameters.x) => typeof parameters.x) =>
      b.valueAndGrad(({ x, y }) => ({ value: b.sum(g(x, y)) }), parameters)
    const results = [f(x => ste(x)), f(straight), f(odd)]
    expect(
      await Promise.all(results.map(async ({ gradients: { x, y } }) => [await numbers(b, x), await numbers(b, y)])),
    ).toEqual([
      [
        [0, 1, 1, 0],
        [0, 0, 0, 0],
      ],
      [
        [1, 1, 1, 1],
        [1, 1, 1, 1],
      ],
      [
        [1, 2, 3, 4],
        [1, 2, 3, 4],
      ],
    ])
    b.dispose([parameters, results])
  }))

test('customGrad may return an operand, and works outside valueAndGrad', () =>
  onReference(async b => {
    const x = b.tensor([1, 2], [2])
    const identity = b.customGrad(x => ({ value: x!, gradient: dy => [b.mul(dy, 10)] }))
    const y = identity(x)
    const { value, gradients } = b.valueAndGrad(({ x }) => ({ value: b.sum(identity(x)) }), { x })
    expect(await numbers(b, y)).toEqual([1, 2])
    expect(await numbers(b, gradients.x)).toEqual([10, 10])
    b.dispose([x, y, value, gradients])
  }))

test('valueAndGrad within valueAndGrad on other data leaves the outer gradient alone', () =>
  onReference(async b => {
    const x = b.tensor([2], [])
    const inner = () => b.valueAndGrad(({ z }) => ({ value: b.mul(z, z) }), { z: b.full(5) })
    const { value, gradients } = b.valueAndGrad(
      ({ x }) => {
        const before = b.mul(x, inner().gradients.z)
        return { value: b.add(before, b.mul(x, inner().value)) }
      },
      { x },
    )
    expect(await numbers(b, value)).toEqual([70])
    expect(await numbers(b, gradients.x)).toEqual([35])
    b.dispose([x, value, gradients])
  }))

test('valueAndGrad within the gradient of a customGrad', () =>
  onReference(async b => {
    const x = b.full(3)
    const cube = b.customGrad(x => ({
      value: b.mul(x!, b.mul(x!, x!)),
      gradient: dy => {
        const { gradients } = b.valueAndGrad(({ z }) => ({ value: b.mul(z, b.mul(z, z)) }), { z: x! })
        return [b.mul(dy, gradients.z)]
      },
    }))
    const { value, gradients } = b.valueAndGrad(({ x }) => ({ value: b.mul(cube(x), 2) }), { x })
    expect(await numbers(b, gradients.x)).toEqual([54])
    b.dispose([x, value, gradients])
  }))

test('what is tracked outside cannot be differentiated inside', () =>
  onReference(async b => {
    const x = b.full(3)
    const outer = (f: (x: typeof b extends Backend<infer T> ? T : never) => unknown) => () =>
      b.valueAndGrad(
        ({ x }) => {
          f(x)
          return { value: b.mul(x, 1) }
        },
        { x },
      )
    expect(outer(x => b.valueAndGrad(({ z }) => ({ value: b.mul(z, x) }), { z: b.full(1) }))).toThrow(
      'mul: an operand is tracked by an enclosing valueAndGrad',
    )
    expect(outer(x => b.valueAndGrad(({ x }) => ({ value: x }), { x }))).toThrow(
      'valueAndGrad: the parameter x is tracked by an enclosing valueAndGrad',
    )
    expect(outer(x => b.customGrad(z => ({ value: b.mul(z!, x), gradient: dy => [dy] }))(b.full(1)))).toThrow(
      'customGrad: the value depends on a tracked tensor that is not one of the operands',
    )
    const through = outer(x => b.valueAndGrad(({ z }) => ({ value: b.mul(z, b.stopGradient(x)) }), { z: b.full(1) }))()
    b.dispose([x, through])
  }))
