import { openWebgpu, webgpuKernels } from '@cpnas/backends'
import { afterAll, expect, test } from 'vitest'
import { describeIfThere, openIfThere } from '../../open.js'

const opened = await openIfThere(openWebgpu)

describeIfThere('programs that run again', opened, runtime => {
  const kernels = webgpuKernels(runtime)
  afterAll(() => runtime.close())

  test('bind what they bound before, and make no buffers', async () => {
    const { device } = runtime
    let made = 0
    const [makeGroup, makeBuffer] = [device.createBindGroup.bind(device), device.createBuffer.bind(device)]
    device.createBindGroup = descriptor => {
      made++
      return makeGroup(descriptor)
    }
    device.createBuffer = descriptor => {
      made++
      return makeBuffer(descriptor)
    }
    const shapes = [[7, 5], [64], [7, 5], [35]] as const
    let state = shapes.map(shape => kernels.fill(1, shape))
    const counts: number[] = []
    for (let step = 0; step < 12; step++) {
      const before = made
      const next = state.map(x => {
        const [negative, doubled] = [kernels.unary('neg', x), kernels.linearCombination(2, x, 0, x)]
        const sum = kernels.binary('add', negative, doubled)
        // Freed in another order at every step.
        for (const y of step % 2 ? [negative, doubled] : [doubled, negative]) kernels.free(y)
        return sum
      })
      state.forEach(kernels.free)
      state = next
      counts.push(made - before)
    }
    expect(counts[0]).toBeGreaterThan(0)
    expect(counts.slice(10)).toEqual([0, 0])
    for (const x of state) {
      expect(new Set(await kernels.read(x))).toEqual(new Set([1]))
      kernels.free(x)
    }
  })

  test('see the values of their own run in memory that is used again at once', async () => {
    const size = 1000
    const results = Array.from({ length: 40 }, (_, i) => {
      const x = kernels.fromValues(new Float32Array(size).fill(i), [size])
      const y = kernels.unary('neg', x)
      kernels.free(x)
      const again = kernels.fromValues(new Float32Array(size).fill(2 * i), [size])
      const sum = kernels.binary('add', again, y)
      kernels.free(again)
      kernels.free(y)
      const total = kernels.sum(sum)
      kernels.free(sum)
      return total
    })
    for (const [i, total] of results.entries()) {
      expect([...(await kernels.read(total))]).toEqual([i * size])
      kernels.free(total)
    }
    expect(kernels.memory()).toEqual({ tensors: 0, bytes: 0 })
  })

  test('read the uniforms of this run', async () => {
    for (const value of [0, -0, 0, Number.NaN, 1]) {
      const x = kernels.fill(value, [1])
      expect((await kernels.read(x))[0]).toBe(value)
      kernels.free(x)
    }
    for (const [a, b] of [
      [1, 2],
      [2, 1],
      [1, 2],
      [-1, 0.5],
    ] as const) {
      const x = kernels.fromValues([3, 5], [2])
      const y = kernels.linearCombination(a, x, b, x)
      expect([...(await kernels.read(y))]).toEqual([3 * (a + b), 5 * (a + b)])
      const part = kernels.slice(x, [1], [1])
      const negative = kernels.unary('neg', part)
      expect([...(await kernels.read(negative))]).toEqual([-5])
      for (const z of [x, y, part, negative]) kernels.free(z)
    }
  })
})
