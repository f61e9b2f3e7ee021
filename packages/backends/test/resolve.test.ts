import { availableBackends, backendNames, resolveBackend } from '@cpnas/backends'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { findGpu } from '../src/tfjs/open/gpu.js'
import { openIfThere } from './open.js'

test('auto takes the first engine that works and may be chosen unasked, and says why', async () => {
  const first = (await availableBackends()).find(({ available, automatic }) => available && automatic)
  const resolved = await resolveBackend('auto', { threads: 1 })()
  if (E.isLeft(resolved)) throw new Error(resolved.left.problem)
  expect(resolved.right.name).toBe(first?.name)
  expect(resolved.right.reason).toContain('the fastest engine available')
  await resolved.right.backend.close()
})

test('an engine by name', async () => {
  const resolved = await resolveBackend('reference')()
  expect(E.isRight(resolved) && resolved.right.backend.name).toBe('reference')
})

test('an unknown engine: says which are available', async () => {
  const resolved = await resolveBackend('cuda')()
  expect(resolved).toMatchObject(
    E.left({
      _tag: 'BackendUnavailable',
      where: 'backend cuda',
      remedy:
        'Choose one of auto, tfjs-node-gpu, tfjs-webgpu, onednn-bf16, onednn, wasm, tfjs-node, tfjs-cpu, reference',
    }),
  )
})

test.each([0, -1, 1.5, 257, Number.NaN])('%d threads are refused', async threads => {
  expect(await resolveBackend('wasm', { threads })()).toMatchObject(E.left({ _tag: 'InvalidOption', where: 'threads' }))
})

const names = ['tfjs-node-gpu', 'tfjs-webgpu', 'onednn-bf16', 'onednn', 'wasm', 'tfjs-node', 'tfjs-cpu', 'reference']

test('every engine of this build is listed with a reason', async () => {
  const all = await availableBackends()
  expect(backendNames).toEqual(names)
  expect(all.map(({ name }) => name)).toEqual(names)
  for (const { reason } of all) expect(reason).not.toBe('')
  // These need nothing that is not installed for the tests.
  for (const { name, available } of all)
    if (['wasm', 'tfjs-cpu', 'reference'].includes(name)) expect({ name, available }).toEqual({ name, available: true })
})

const gpu = (await openIfThere(findGpu)) as GPU | undefined
const adapter = await gpu?.requestAdapter()

/** A GPU whose adapter says other things of itself. */
const disguised = (info: Partial<GPUAdapterInfo> & { readonly isFallbackAdapter?: boolean }): GPU =>
  ({
    requestAdapter: async () => {
      const real = (await gpu!.requestAdapter())!
      const told = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false, ...info }
      return { info: told, limits: real.limits, features: real.features, requestDevice: real.requestDevice.bind(real) }
    },
  }) as unknown as GPU

/** Node's, or the one that finding the GPU made. */
const { navigator } = globalThis as unknown as { readonly navigator: object }

const withGpu = async <A>(other: GPU, use: () => Promise<A>): Promise<A> => {
  Object.defineProperty(navigator, 'gpu', { value: other, configurable: true })
  try {
    return await use()
  } finally {
    Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true })
  }
}

describe.skipIf(!adapter)('tfjs-webgpu', () => {
  test('auto takes it where the adapter is a GPU', async () => {
    const resolved = await withGpu(disguised({ vendor: 'nvidia', description: 'GeForce' }), resolveBackend('auto'))
    if (E.isLeft(resolved)) throw new Error(resolved.left.problem)
    expect(resolved.right).toMatchObject({
      name: 'tfjs-webgpu',
      reason: 'the fastest engine available: WebGPU on GeForce',
    })
    await resolved.right.backend.close()
  })

  test.each([
    { isFallbackAdapter: true },
    { description: 'llvmpipe (LLVM 15.0.6, 256 bits)' },
    { vendor: 'google', architecture: 'swiftshader' },
    { device: 'SwiftShader Device (Subzero)' },
    { architecture: 'lavapipe' },
    { vendor: 'mesa', architecture: 'software' },
    { vendor: 'microsoft', description: 'Microsoft Basic Render Driver' },
  ])('auto passes over a software adapter, which still works by name: %j', async info => {
    await withGpu(disguised(info), async () => {
      const auto = await resolveBackend('auto', { threads: 1 })()
      const named = await resolveBackend('tfjs-webgpu')()
      if (E.isLeft(auto) || E.isLeft(named)) throw new Error('nothing was resolved')
      expect(auto.right.name).not.toBe('tfjs-webgpu')
      expect(named.right.name).toBe('tfjs-webgpu')
      expect(named.right.reason).toMatch(/^asked for: .*a software adapter/)
      await Promise.all([auto.right.backend.close(), named.right.backend.close()])
    })
  })

  test('its adapter is told with its limits', async () => {
    const all = await withGpu(disguised({ vendor: 'amd', architecture: 'rdna-3' }), availableBackends)
    expect(all.find(({ name }) => name === 'tfjs-webgpu')).toMatchObject({
      available: true,
      automatic: true,
      adapter: {
        vendor: 'amd',
        architecture: 'rdna-3',
        software: false,
        limits: { maxBufferSize: adapter!.limits.maxBufferSize },
      },
    })
  })
})
