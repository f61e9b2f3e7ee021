import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, test } from 'vitest'
import { DeviceError } from '../../src/errors.js'
import { guardDevice } from '../../src/tfjs/open/guard-device.js'
import { openWebgpu, type WebgpuRuntime } from '../../src/tfjs/open/webgpu.js'
import type { Runtime } from '../../src/tfjs/runtime.js'
import { openIfThere } from '../open.js'

const here = await openIfThere(openWebgpu)
await here?.close()

/** With TensorFlow.js's own type of its backend. */
type Opened = Omit<WebgpuRuntime, 'backend'> & Runtime<WebGPUBackend>

const opened: Opened[] = []
afterEach(() => Promise.all(opened.splice(0).map(runtime => runtime.close())))

const open = async (): Promise<Opened> => {
  const runtime = await openWebgpu()
  if (isLeft(runtime)) throw new Error(runtime.left.problem)
  const typed = { ...runtime.right, backend: runtime.right.backend as WebGPUBackend }
  opened.push(typed)
  return typed
}

const four = ({ backend }: Opened) => backend.makeTensorInfo([4], 'float32', Float32Array.of(1, -2, 3, -4))

const thrownBy = async (f: () => unknown): Promise<DeviceError> => {
  try {
    await f()
  } catch (thrown) {
    if (thrown instanceof DeviceError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}

describe.skipIf(here === undefined)('tfjs-webgpu: what goes wrong on the device ends in a DeviceError', () => {
  test('nothing went wrong', async () => {
    const runtime = await open()
    const y = runtime.run('Relu', { x: four(runtime) })
    expect(await runtime.backend.read(y.dataId)).toEqual(Float32Array.of(1, 0, 3, 0))
    runtime.check()
  })

  test('a shader that does not compile: the next kernel throws, and so does every read', async () => {
    const runtime = await open()
    const x = four(runtime)
    const y = runtime.run('Relu', { x })
    runtime.device.createShaderModule({ code: 'nonsense' })
    // Where errors come from another process, they come in a later task.
    await runtime.device.queue.onSubmittedWorkDone()
    for (const use of [
      () => runtime.run('Relu', { x }),
      () => runtime.backend.read(y.dataId),
      () => runtime.backend.read(x.dataId),
      runtime.check,
    ]) {
      const { error } = await thrownBy(use)
      expect(error).toMatchObject({ _tag: 'DeviceFailed', where: 'tfjs-webgpu' })
      expect(error.problem).toMatch(/refused a command.*nonsense/)
    }
  })

  test('an invalid program whose values are read at once', async () => {
    const runtime = await open()
    const program = {
      ...{ shaderKey: 'nonsense', outputShape: [4], variableNames: ['x'], uniforms: '' },
      ...{ workgroupSize: [64, 1, 1] as [number, number, number], dispatch: [1, 1, 1] as [number, number, number] },
      dispatchLayout: { x: [], y: [0] },
      getUserCode: () => 'fn main() { result[0] = there_is_no_such_thing; }',
    }
    const { error } = await thrownBy(() => {
      const y = runtime.backend.runWebGPUProgram(program, [four(runtime)], 'float32')
      return runtime.backend.read(y.dataId)
    })
    expect(error.problem).toContain('there_is_no_such_thing')
  })

  test('a command that is found to be invalid only when it is submitted by the read', async () => {
    const runtime = await open()
    const y = runtime.run('Relu', { x: four(runtime) })
    const { resource } = runtime.backend.tensorMap.get(y.dataId) as unknown as { readonly resource: GPUBuffer }
    resource.destroy()
    const { error } = await thrownBy(() => runtime.backend.read(y.dataId))
    expect(error.problem).toMatch(/refused a command.*destroyed/)
  })

  test('a lost device: a read that waits, and the next kernel', async () => {
    const runtime = await open()
    const x = four(runtime)
    const y = runtime.run('Relu', { x })
    runtime.device.destroy()
    const { error } = await thrownBy(() => runtime.backend.read(y.dataId))
    expect(error).toMatchObject({ _tag: 'DeviceFailed' })
    expect(error.problem).toContain('device was lost')
    expect((await thrownBy(() => runtime.run('Relu', { x }))).error).toEqual(error)
  })

  test('closing is no loss', async () => {
    const runtime = await open()
    await runtime.close()
    await runtime.device.lost
    runtime.check()
  })

  test('a tensor over the limit is not made: the message names its size and the limit, and the device goes on', async () => {
    const runtime = await open()
    const { maxStorageBufferBindingSize, maxBufferSize } = runtime.adapter.limits
    const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize)
    const side = Math.ceil(Math.sqrt(limit / 4)) + 1
    const row = runtime.backend.makeTensorInfo([1, side], 'float32', new Float32Array(side))
    const used = runtime.backend.memory()
    for (const use of [
      () => runtime.run('Add', { a: row, b: { ...row, shape: [side, 1] } }),
      () => runtime.backend.makeTensorInfo([side, side], 'float32'),
    ]) {
      const { error } = await thrownBy(use)
      expect(error).toMatchObject({ _tag: 'DeviceFailed', remedy: 'Lower the batch size' })
      expect(error.problem).toContain(`[${side}, ${side}]`)
      expect(error.problem).toContain(`${(limit / 2 ** 20).toFixed(1)} MiB that this GPU can bind`)
    }
    expect(runtime.backend.memory()).toEqual(used)
    const y = runtime.run('Relu', { x: four(runtime) })
    expect(await runtime.backend.read(y.dataId)).toEqual(Float32Array.of(1, 0, 3, 0))
  })

  test('a tensor of just the limit is made', async () => {
    const runtime = await open()
    const { maxStorageBufferBindingSize, maxBufferSize } = runtime.adapter.limits
    const before = runtime.backend.numDataIds()
    const x = runtime.backend.makeTensorInfo(
      [Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4)],
      'float32',
    )
    expect(runtime.backend.numDataIds()).toBe(before + 1)
    runtime.backend.disposeData(x.dataId)
    expect(runtime.backend.numDataIds()).toBe(before)
  })

  test('values that were read are not kept beside the buffer', async () => {
    const runtime = await open()
    const y = runtime.run('Relu', { x: four(runtime) })
    await runtime.backend.read(y.dataId)
    expect(runtime.backend.tensorMap.get(y.dataId)).toMatchObject({ values: null })
    expect(await runtime.backend.read(y.dataId)).toEqual(Float32Array.of(1, 0, 3, 0))
  })
})

describe('a guarded device', () => {
  class GPUOutOfMemoryError {
    readonly message = 'no memory left'
  }

  const fakeDevice = (lost: Promise<Partial<GPUDeviceLostInfo>> = new Promise(() => {})) =>
    Object.assign(new EventTarget(), {
      lost,
      limits: { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 },
      pushErrorScope: () => {},
      popErrorScope: () => Promise.resolve(null),
    })

  const report = (device: EventTarget, error: object): Event => {
    const event = Object.assign(new Event('uncapturederror', { cancelable: true }), { error })
    device.dispatchEvent(event)
    return event
  }

  test('out of memory: says what to do, and is not printed', async () => {
    const device = fakeDevice()
    const guard = guardDevice(device as unknown as GPUDevice)
    guard.check()
    expect(report(device, new GPUOutOfMemoryError()).defaultPrevented).toBe(true)
    const { error } = await thrownBy(guard.check)
    expect(error.problem).toBe('the GPU is out of memory (no memory left)')
    expect(error.remedy).toMatch(/^Lower the batch size/)
  })

  test('the first error is the one that is told', async () => {
    const device = fakeDevice()
    const guard = guardDevice(device as unknown as GPUDevice)
    report(device, new GPUOutOfMemoryError())
    report(device, { message: 'an invalid buffer, since there was no memory for it' })
    expect((await thrownBy(guard.settle)).error.problem).toContain('out of memory')
  })

  test('a loss that nobody asked for', async () => {
    const guard = guardDevice(
      fakeDevice(Promise.resolve({ reason: 'unknown', message: 'the driver was reset.' })) as unknown as GPUDevice,
    )
    expect((await thrownBy(guard.settle)).error.problem).toBe('the GPU device was lost (the driver was reset)')
  })
})
