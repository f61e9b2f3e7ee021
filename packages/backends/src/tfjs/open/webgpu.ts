import { type CpnasError, cpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Runtime } from '../runtime.js'
import { type AdapterSummary, findAdapter, limitsOf, summaryOf } from './adapter.js'
import { guardDevice } from './guard-device.js'
import { guardedBackend } from './guarded-backend.js'
import { kernelRunner } from './kernel-runner.js'
import { importModules, webgpuPackages } from './modules.js'
import { poolBuffers } from './pool-buffers.js'

export interface WebgpuRuntime extends Runtime {
  readonly device: GPUDevice
  readonly adapter: AdapterSummary
}

const requestDevice = (adapter: GPUAdapter): TE.TaskEither<CpnasError, GPUDevice> =>
  TE.tryCatch(
    () => adapter.requestDevice({ requiredLimits: limitsOf(adapter) }),
    thrown =>
      cpnasError(
        'BackendUnavailable',
        'tfjs-webgpu',
        `the adapter gives no device (${(thrown as Error).message})`,
        'Update the driver of your GPU, or use another engine',
      ),
  )

/**
 * TensorFlow.js over WebGPU: in browsers, and in Node by the npm package `webgpu`, on the fastest adapter with all it
 * offers; a software adapter will do. Left: no WebGPU, no adapter, packages that are not installed.
 *
 * Errors of the device are thrown as DeviceError by the next kernel and the next read.
 */
export const openWebgpu: TE.TaskEither<CpnasError, WebgpuRuntime> = pipe(
  // The adapter first: a backend without one only warns.
  findAdapter,
  TE.bindTo('adapter'),
  TE.bind('modules', () =>
    importModules('tfjs-webgpu', webgpuPackages, () =>
      Promise.all([import('@tensorflow/tfjs-core'), import('@tensorflow/tfjs-backend-webgpu')]),
    ),
  ),
  TE.bind('device', ({ adapter }) => requestDevice(adapter)),
  TE.map(({ adapter, modules: [core, { WebGPUBackend }], device }): WebgpuRuntime => {
    const guard = guardDevice(device)
    const backend = new (guardedBackend(WebGPUBackend, guard))(device, adapter.info)
    poolBuffers(backend)
    return {
      name: 'tfjs-webgpu',
      backend,
      device,
      adapter: summaryOf(adapter),
      ...kernelRunner(core, 'webgpu', backend, guard.check),
      check: guard.check,
      close: async () => {
        guard.expectLoss()
        backend.dispose()
        device.destroy()
      },
    }
  }),
)
