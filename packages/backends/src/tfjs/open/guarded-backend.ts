import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type { BackendValues, DataType } from '@tensorflow/tfjs-core'
import { sizeOf } from '../../shape.js'
import type { DeviceGuard } from './guard-device.js'

type DataId = Parameters<WebGPUBackend['disposeData']>[0]

/** TensorFlow.js's backend with stricter checks. */
export const guardedBackend = (Base: typeof WebGPUBackend, guard: DeviceGuard): typeof WebGPUBackend =>
  class extends Base {
    /** Every tensor is created here. One that is too large to bind would be created without an error and compute garbage. */
    override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
      guard.checkSize(4 * sizeOf(shape), shape)
      return super.write(values, shape, dtype)
    }

    /** Reports errors before it returns values, and keeps no copy that a program could make stale by writing in place. */
    override async read(dataId: object): Promise<BackendValues> {
      guard.check()
      try {
        const values = await super.read(dataId)
        await guard.settle()
        const data = this.tensorMap.get(dataId)
        // A caller that did not wait may have freed it.
        if (data?.resource) Object.assign(data, { values: null })
        return values
      } catch (thrown) {
        // The device's own error says more than the failure to map a buffer.
        await guard.settle()
        throw guard.unread(thrown)
      }
    }

    /** Never falls back to the CPU because of where an operand lies, which would round differently. */
    override shouldExecuteOnCPU(): boolean {
      return false
    }
  }
