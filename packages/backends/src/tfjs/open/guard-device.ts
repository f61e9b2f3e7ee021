import { cpnasError } from '@cpnas/core'
import { DeviceError } from '../../errors.js'

/** Reports a device's errors, which arrive asynchronously, before any value that they made invalid. */
export interface DeviceGuard {
  /** Throws the first error that the device has reported. */
  readonly check: () => void
  /** Waits until the device has reported all errors of what was submitted before, then checks. */
  readonly settle: () => Promise<void>
  /** The error to throw when values cannot be read; what the device reported takes precedence. */
  readonly unread: (thrown: unknown) => unknown
  /** Throws if a tensor of so many bytes is more than the device can bind. */
  readonly checkSize: (bytes: number, shape: readonly number[]) => void
  /** The device is about to be destroyed on purpose. */
  readonly expectLoss: () => void
}

const where = 'tfjs-webgpu'

const failed = (problem: string, remedy: string): DeviceError =>
  new DeviceError(cpnasError('DeviceFailed', where, problem, remedy))

const oneLine = (text: string): string =>
  text
    .trim()
    .split(/\s*\n\s*/)
    .join(' ')
    .replace(/\.$/, '')

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

const reported = (error: GPUError): DeviceError =>
  // The classes are not among the globals of every runtime.
  error.constructor.name === 'GPUOutOfMemoryError'
    ? failed(
        `the GPU is out of memory (${oneLine(error.message)})`,
        'Lower the batch size, or free memory that other programs hold on the GPU',
      )
    : failed(
        `the GPU refused a command, what was computed since is void (${oneLine(error.message)})`,
        'Update the driver of your GPU, or use another engine; please report this',
      )

/** Watches over a device from its first moment on. */
export const guardDevice = (device: GPUDevice): DeviceGuard => {
  let first: DeviceError | undefined
  let closing = false
  device.addEventListener('uncapturederror', event => {
    // Else it is printed too.
    event.preventDefault()
    first ??= reported((event as GPUUncapturedErrorEvent).error)
  })
  void device.lost.then(({ reason, message }) => {
    if (!closing)
      first ??= failed(
        `the GPU device was lost (${[reason, oneLine(message)].filter(text => text && text !== 'unknown').join(': ') || 'for no stated reason'})`,
        'Look whether the driver was reset or another program holds the GPU, then run again',
      )
  })
  const check = () => {
    if (first) throw first
  }
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize)
  return {
    check,
    settle: async () => {
      // Answers come in the order of the questions: what went wrong before this scope is reported before it ends.
      device.pushErrorScope('validation')
      const late = await device.popErrorScope().catch(() => null)
      if (late) first ??= reported(late)
      // A loss is told in a task of its own.
      await Promise.resolve()
      check()
    },
    unread: thrown =>
      // Mapping a buffer fails with one of these when the device gives up.
      thrown instanceof Error && ['AbortError', 'OperationError'].includes(thrown.name)
        ? failed(
            `the GPU did not give values back (${oneLine(thrown.message)})`,
            'Look whether the driver was reset, then run again',
          )
        : thrown,
    checkSize: (bytes, shape) => {
      if (bytes > limit)
        throw failed(
          `a tensor [${shape.join(', ')}] of ${megabytes(bytes)} is more than the ${megabytes(limit)} that this GPU can bind at once`,
          'Lower the batch size',
        )
    },
    expectLoss: () => {
      closing = true
    },
  }
}
