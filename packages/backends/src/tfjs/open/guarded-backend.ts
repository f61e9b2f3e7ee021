import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type { BackendValues, DataType } from '@tensorflow/tfjs-core'
import { sizeOf } from '../../shape.js'
import type { DeviceGuard } from './guard-device.js'

type DataId = Parameters<WebGPUBackend['disposeData']>[0]

/** TensorFlow.js's backend, held to what is right where it is content with less. */
export const guardedBackend = (Base: typeof WebGPUBackend, guard: DeviceGuard): typeof WebGPUBackend =>
  class extends Base {
    /** Every tensor begins here. One that is too large to bind would be made, and compute nonsense. */
    override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
      guard.checkSize(4 * sizeOf(shape), shape)
      return super.write(values, shape, dtype)
    }

    /** No values before their errors, and no copy kept of what a program may change in place. */
    override async read(dataId: object): Promise<BackendValues> {
      guard.check()
      try {
        const values = await super.read(dataId)
        await guard.settle()
        const data = this.tensorMap.get(dataId)
        // A user that did not wait may have freed it.
        if (data?.resource) Object.assign(data, { values: null })
        return values
      } catch (thrown) {
        // The device's own error says more than the failure to map a buffer.
        await guard.settle()
        throw guard.unread(thrown)
      }
    }

    /** Where an operand happens to lie is no reason to compute elsewhere and round differently. */
    override shouldExecuteOnCPU(): boolean {
      return false
    }
  }
