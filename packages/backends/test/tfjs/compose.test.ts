import { referenceKernels, sizeOf } from '@cpnas/backends'
import { afterAll, describe, expect, test } from 'vitest'
import { makeComposer } from '../../dist/tfjs/compose.js'
import { tfjsKernels } from '../../dist/tfjs/kernels.js'
import { openCpu } from '../../dist/tfjs/open/cpu.js'
import { openWebgpu } from '../../dist/tfjs/open/webgpu.js'
import type { Runtime } from '../../dist/tfjs/runtime.js'
import { makeStore } from '../../dist/tfjs/tensor.js'
import { data, floats } from '../arbitraries.js'
import { onOperands } from '../kernel-cases/kernel-case.js'
import { kernelError } from '../kernel-errors.js'
import { openIfThere } from '../open.js'

const reference = referenceKernels()

describe.each([
  ['tfjs-cpu', openCpu],
  ['tfjs-webgpu', openWebgpu],
] as const)('composed on %s', async (name, open) => {
  const runtime = await openIfThere<Runtime>(open)
  if (runtime === undefined) {
    test.skip(`${name} is not available here`)
    return
  }
  const store = makeStore(runtime)
  const kernels = tfjsKernels(runtime, store)
  const { compose } = makeComposer(runtime, store)
  afterAll(() => runtime.close())

  const held = () => ({ ...store.memory(), buffers: runtime.backend.numDataIds() })

  test('operands and results that are parts of a buffer', async () => {
    const before = held()
    const whole = kernels.fromValues([1, 2, 3, 4, 5, 6, 7, 8], [8])
    const part = store.view(whole, [2, 2], 3)
    const inside = store.view(part, [2])
    kernels.free(whole)
    const sum = kernels.binary('add', part, inside)
    const results = [part, inside, sum, kernels.slice(part, [1, 0], [1, 2]), kernels.reshape(part, [4])]
    const values = await Promise.all(results.map(async x => [kernels.shapeOf(x), ...(await kernels.read(x))]))
    expect(values).toEqual([
      [[2, 2], 4, 5, 6, 7],
      [[2], 4, 5],
      [[2, 2], 8, 10, 10, 12],
      [[1, 2], 6, 7],
      [[4], 4, 5, 6, 7],
    ])
    for (const x of results) kernels.free(x)
    expect(held()).toEqual(before)
  })

  test('what was made before a kernel failed is freed', () => {
    const before = held()
    const x = kernels.fromValues([1, 2], [2])
    expect(() => compose(o => o.unary('NoSuchKernel', o.add(o.of(x), o.scalar(1))))).toThrow('NoSuchKernel')
    kernels.free(x)
    expect(held()).toEqual(before)
  })

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('long products, which an engine might add up in any order: transposed %o, %o', async (transposeA, transposeB) => {
    const inner = 4001
    const a = data(floats, transposeA ? [inner, 19] : [19, inner], 1)
    const b = data(floats, transposeB ? [17, inner] : [inner, 17], 2)
    const run = onOperands([a, b], (k, x, y) => [k.matMul(x!, y!, transposeA, transposeB)])
    const magnitude: typeof run = k => [k.fill(4 * inner, [19, 17])]
    const { ratio, where } = await kernelError(kernels, reference, { name: 'matMul', run, magnitude, terms: inner })
    expect(ratio, where).toBeLessThan(1)
    const bits = async () => {
      const [y] = run(kernels)
      const values = await kernels.read(y!)
      kernels.free(y!)
      return new Int32Array(values.buffer, 0, sizeOf([19, 17]))
    }
    expect(await bits()).toEqual(await bits())
  })

  test('rank 5', async () => {
    const x = data(floats, [2, 1, 2, 3, 2], 3)
    const run = onOperands([x], (k, x) => [
      k.pad(x!, [1, 0, 2, 0, 1], [0, 1, 0, 1, 1]),
      k.transpose(x!, [4, 2, 0, 1, 3]),
      k.slice(x!, [1, 0, 0, 1, 0], [1, 1, 2, 2, 1]),
      k.sum(x!, [1, 3]),
      k.binary('mul', x!, x!),
      k.concat([x!, x!], 3),
      k.unary('sign', x!),
    ])
    const { ratio, where } = await kernelError(kernels, reference, {
      name: 'rank 5',
      run,
      magnitude: k => run(k).map(y => k.fill(8, k.shapeOf(y))),
      terms: 3,
    })
    expect(ratio, where).toBeLessThan(1)
  })
})
