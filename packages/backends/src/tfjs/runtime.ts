import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core'

/** An engine of TensorFlow.js, opened: its kernels by name, its buffers, and what went wrong on its device. */
export interface Runtime<B extends KernelBackend = KernelBackend> {
  readonly name: string
  readonly backend: B
  /** Runs a kernel of tfjs-core's (`Conv2D`, `MaxPoolGrad`, ...) on this engine; throws if the engine has none of that name. */
  run(
    kernel: string,
    inputs: Readonly<Record<string, TensorInfo | readonly TensorInfo[]>>,
    attributes?: Readonly<Record<string, unknown>>,
  ): TensorInfo
  /** Whether the engine has a kernel of that name. */
  has(kernel: string): boolean
  /** Throws the DeviceError that the device has reported since it was opened, if there is one. */
  check(): void
  close(): Promise<void>
}
