import { type Kernels, poolGeometry, type WasmTensor, wasmKernels } from '@cpnas/backends'
import { afterAll, expect, test } from 'vitest'

const kernels = await wasmKernels({ threads: 1 })
afterAll(() => kernels.close())

const shape = [1, 4, 4, 3]
const values = Float32Array.from({ length: 48 }, (_, i) => Math.sin(i))
const geometry = { ...poolGeometry('pool', shape, 3, {}), outChannels: 3 }
const plain = { activation: 'identity' } as const

type Into = (k: Kernels<WasmTensor>, into: WasmTensor, x: WasmTensor) => WasmTensor

const consumers: readonly (readonly [string, Into])[] = [
  ['accumulate', (k, into, x) => k.accumulate(into, x)],
  ['affineSum', (k, into, x) => k.affineSum([{ x }], undefined, into)],
  ['maxPoolGrad', (k, into, x) => k.maxPoolGrad(x, x, geometry, into)],
  ['avgPoolGrad', (k, into, x) => k.avgPoolGrad(x, geometry, into)],
  [
    'depthwiseConv2dGrad',
    (k, into, x) => {
      const w = k.fill(1, [3, 3, 3])
      const { input } = k.depthwiseConv2dGrad({ dy: x }, w, x, geometry, plain, { input: { into }, filters: false })
      k.free(w)
      return input!
    },
  ],
  [
    'conv2dGrad',
    (k, into, x) => {
      const w = k.fill(1, [3, 3, 3, 3])
      const { input } = k.conv2dGrad({ dy: x }, w, x, geometry, plain, { input: { into }, filters: false })
      k.free(w)
      return input!
    },
  ],
]

test.each(consumers)('%s writes into memory that nobody else holds, and only then', async (_, consume) => {
  const before = kernels.memory()
  const x = kernels.fromValues(values, shape)
  const held = kernels.fromValues(values, shape)
  const shared = consume(kernels, kernels.reshape(held, shape), x)
  expect(await kernels.read(held)).toEqual(values)

  const bytes = kernels.memory().bytes
  const owned = consume(kernels, held, x)
  expect(kernels.memory().bytes).toBe(bytes)
  expect(await kernels.read(owned)).toEqual(await kernels.read(shared))
  expect(await kernels.read(owned)).not.toEqual(values)

  for (const handle of [x, shared, owned]) kernels.free(handle)
  expect(kernels.memory()).toEqual(before)
})
