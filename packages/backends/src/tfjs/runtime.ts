/** A buffer: TensorFlow.js's `TensorInfo`, declared here so that types can be checked without its packages, which are optional. */
export interface TfjsBuffer {
  /** Names the buffer. */
  readonly dataId: object
  shape: number[]
  dtype: 'float32' | 'int32' | 'bool' | 'complex64' | 'string'
}

/** What is used of every engine's `KernelBackend`, a type of TensorFlow.js too. */
export interface RuntimeBackend {
  /** The values of a buffer. */
  read(dataId: object): Promise<Float32Array | Int32Array | Uint8Array | Uint8Array[]>
  /** A buffer's name; the backend keeps `values`. */
  write(values: Float32Array | Int32Array | Uint8Array, shape: number[], dtype: TfjsBuffer['dtype']): object
  /** Frees a buffer, `force` also where others hold it. */
  disposeData(dataId: object, force?: boolean): boolean
  /** How many buffers there are. */
  numDataIds(): number
  /** Memory they take, as the engine reports it. */
  memory(): object
}

/** An engine of TensorFlow.js, opened: its kernels by name, its buffers, and what went wrong on its device. */
export interface Runtime<B extends RuntimeBackend = RuntimeBackend> {
  readonly name: string
  readonly backend: B
  /** Runs a kernel of tfjs-core's (`Conv2D`, `MaxPoolGrad`, ...) on this engine; throws if the engine has none of that name. */
  run(
    kernel: string,
    inputs: Readonly<Record<string, TfjsBuffer | readonly TfjsBuffer[]>>,
    attributes?: Readonly<Record<string, unknown>>,
  ): TfjsBuffer
  /** Whether the engine has a kernel of that name. */
  has(kernel: string): boolean
  /** Throws the DeviceError that the device has reported since it was opened, if there is one. */
  check(): void
  /** Releases the device and its memory. */
  close(): Promise<void>
}
