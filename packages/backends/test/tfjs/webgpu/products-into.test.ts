import {
  type Activation,
  type Kernels,
  openWebgpu,
  poolGeometry,
  referenceKernels,
  webgpuKernels,
} from '@cpnas/backends'
import { afterAll, expect, test } from 'vitest'
import { worstError } from '../../kernel-errors.js'
import { describeIfThere, openIfThere } from '../../open.js'

const opened = await openIfThere(openWebgpu)

const shape = [1, 4, 4, 3]
const values = Float32Array.from({ length: 48 }, (_, i) => Math.sin(i))
const geometry = { ...poolGeometry('pool', shape, 3, {}), outChannels: 3 }
const plain = { activation: 'identity' } as const

type Into = <H>(k: Kernels<H>, into: H, x: H) => H

const convolved =
  (depthwise: boolean): Into =>
  (k, into, x) => {
    const w = k.fromValues(values.slice(0, depthwise ? 27 : 81), depthwise ? [3, 3, 3] : [3, 3, 3, 3])
    const grad = depthwise ? k.depthwiseConv2dGrad : k.conv2dGrad
    const { input } = grad({ dy: x }, w, x, geometry, { activation: 'relu' }, { input: { into }, filters: false })
    k.free(w)
    return input!
  }

const consumers: readonly (readonly [string, Into])[] = [
  ['maxPoolGrad', (k, into, x) => k.maxPoolGrad(x, x, geometry, into)],
  ['avgPoolGrad', (k, into, x) => k.avgPoolGrad(x, geometry, into)],
  ['depthwiseConv2dGrad', convolved(true)],
  ['conv2dGrad', convolved(false)],
]

describeIfThere('WebGPU programs of convolutions and pooling', opened, runtime => {
  const kernels = webgpuKernels(runtime)
  const reference = referenceKernels()
  afterAll(() => runtime.close())

  test.each(consumers)('%s writes into memory that nobody else holds, and only then', async (_, consume) => {
    const before = kernels.memory()
    const x = kernels.fromValues(values, shape)
    const held = kernels.fromValues(values, [4, 12])
    const shared = consume(kernels, kernels.reshape(held, shape), x)
    expect(await kernels.read(held)).toEqual(values)

    const bytes = kernels.memory().bytes
    const owned = consume(kernels, held, x)
    expect(kernels.memory().bytes).toBe(bytes)
    expect(kernels.shapeOf(owned)).toEqual(shape)
    expect(await kernels.read(owned)).toEqual(await kernels.read(shared))
    expect(await kernels.read(owned)).not.toEqual(values)

    for (const handle of [x, shared, owned]) kernels.free(handle)
    expect(kernels.memory()).toEqual(before)
  })

  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1, -1, 0.5]
  const oddValues = Float32Array.from({ length: 48 }, (_, i) => odd[(i * 5 + (i >> 3)) % 8]!)
  const same = async (f: <H>(k: Kernels<H>, x: H, ones: H) => readonly H[]): Promise<void> => {
    const results = async <H>(k: Kernels<H>) => {
      const ones = k.fromValues(new Float32Array(48).fill(1), shape)
      const handles = f(k, k.fromValues(oddValues, shape), ones)
      return Promise.all(handles.map(handle => k.read(handle)))
    }
    const { ratio, where } = worstError(await results(kernels), await results(reference), () => 1e-6)
    if (ratio > 1) throw new Error(where)
  }

  test.each<Activation>(['identity', 'relu', 'sign', 'sign-polynomial'])(
    'not-a-number and infinities pass through %s as in the reference',
    async activation => {
      const single = { ...geometry, kernelHeight: 1, kernelWidth: 1, padTop: 0, padLeft: 0 }
      await same((k, x, ones) => {
        const w = k.fromValues([2, 2, 2], [1, 1, 3])
        const scale = k.fromValues([1, 1, 1], [3])
        const shift = k.fromValues([0, 0, 0], [3])
        return [undefined, { scale, shift }].flatMap(affine => {
          const p = affine ? { activation, affine } : { activation }
          const wanted = { input: {}, filters: false }
          return [
            k.depthwiseConv2d(x, w, single, p),
            k.depthwiseConv2dGrad({ dy: ones }, w, x, single, p, wanted).input!,
          ]
        })
      })
    },
  )

  test('not-a-number is a maximum, the first of a window', () =>
    same((k, x, ones) => [k.maxPool(x, geometry), k.maxPoolGrad(ones, x, geometry)]))

  test('the same operands give the same bits', async () => {
    const large = Float32Array.from({ length: 64 * 32 * 32 * 8 }, (_, i) => Math.sin(i))
    const g = { ...poolGeometry('pool', [64, 32, 32, 8], 1, {}), outChannels: 8 }
    const filters = async () => {
      const x = kernels.fromValues(large, [64, 32, 32, 8])
      const w = kernels.fromValues(large.slice(0, 64), [1, 1, 8, 8])
      return kernels.read(kernels.conv2dGrad({ dy: x }, w, x, g, plain, { filters: true }).filters!)
    }
    expect(await filters()).toEqual(await filters())
  })
})
