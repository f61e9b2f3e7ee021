import type { WebGPUBackend, WebGPUProgram } from '@tensorflow/tfjs-backend-webgpu'
import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type Shape, sizeOf } from '../../shape.js'
import type { Runtime } from '../runtime.js'
import type { Store, TfjsTensor } from '../tensor.js'

/** A compute shader of ours. Two programs of one `key` have the same source: whatever the source depends on is in the key. */
export interface Program {
  readonly key: string
  /** Names of the inputs: storage buffers `x: array<f32>`, to be read from `uniforms.xAt` on. */
  readonly inputs: readonly string[]
  /** Names of further uniforms. */
  readonly integers?: readonly string[]
  readonly floats?: readonly string[]
  /** So many rows `uniforms.table: array<vec4<i32>>`. */
  readonly table?: number
  readonly workgroup: readonly [number, number, number]
  /**
   * WGSL: declarations, and `fn main()`, which writes to `result: array<f32>` and may read `globalId`, `localId`,
   * `workgroupId`, `numWorkgroups` (vec3<u32>), `localIndex` (u32) and `uniforms` (i32 or f32 by name).
   */
  readonly source: () => string
}

export type TableRow = readonly [number, number, number, number]

export interface Launch {
  readonly inputs: readonly TfjsTensor[]
  readonly integers?: readonly number[]
  readonly floats?: readonly number[]
  /** The first of the table's rows; the others are 0. */
  readonly table?: readonly TableRow[]
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number, number]
}

export interface Launcher {
  /** Runs a program into a new buffer of this shape. */
  launch(program: Program, launch: Launch, shape: Shape): TfjsTensor
  /** Runs a program on `result`'s buffer, from its start on: for programs that read and write in place or fill a part. It must not be among the inputs. */
  launchInto(program: Program, launch: Launch, result: TfjsTensor): void
  /** Programs run so far. */
  dispatches(): number
  /** Buffers that one program may bind, its result included. */
  readonly bindings: number
  /** Elements that a buffer may have. */
  readonly largest: number
}

const flat = (buffer: TensorInfo): TensorInfo => ({ ...buffer, shape: [sizeOf(buffer.shape)] })
/** TensorFlow.js compiles anew when an input's shape relates otherwise to the result's; ours say where they read themselves. */
const shapeless = (buffer: TensorInfo): TensorInfo => ({ ...buffer, shape: [] })

/** `bindings`: how many buffers a program may bind. Default: as many as the device allows. */
export const makeLauncher = (
  runtime: Pick<Runtime<WebGPUBackend>, 'backend' | 'check'>,
  store: Store,
  bindings: number = runtime.backend.device.limits.maxStorageBuffersPerShaderStage,
): Launcher => {
  let count = 0
  const run = (
    program: Program,
    { inputs, integers = [], floats = [], table = [], workgroups }: Launch,
    size: number,
    result?: TensorInfo,
  ) => {
    runtime.check()
    count++
    const names = [...program.inputs.map(name => `${name}At`), ...(program.integers ?? [])]
    const rows = program.table ?? 0
    const declared = [
      ...names.map(name => `${name} : i32`),
      ...(program.floats ?? []).map(name => `${name} : f32`),
      ...(rows > 0 ? [`table : array<vec4<i32>, ${rows}>`] : []),
    ]
    const dispatched: WebGPUProgram = {
      shaderKey: program.key,
      outputShape: [size],
      variableNames: [...program.inputs],
      uniforms: declared.map(d => `${d}, `).join(''),
      workgroupSize: [...program.workgroup],
      dispatch: [...workgroups],
      // Not a flat layout: `main` takes no index and finds its own.
      dispatchLayout: { x: [], y: [0] },
      getUserCode: program.source,
    }
    return runtime.backend.runWebGPUProgram(
      dispatched,
      inputs.map(x => shapeless(x.buffer)),
      'float32',
      [
        ...inputs.map(x => ({ type: 'int32', data: [x.offset] })),
        ...integers.map(v => ({ type: 'int32', data: [v] })),
        ...floats.map(v => ({ type: 'float32', data: [v] })),
        ...Array.from({ length: rows }, (_, row) => ({ type: 'int32', data: [...(table[row] ?? [0, 0, 0, 0])] })),
      ],
      result,
    )
  }
  return {
    launch: (program, launch, shape) => store.make(run(program, launch, sizeOf(shape)), shape),
    launchInto: (program, launch, result) => {
      run(program, launch, sizeOf(result.buffer.shape), flat(result.buffer))
      store.overwritten(result.buffer)
    },
    dispatches: () => count,
    bindings,
    largest: runtime.backend.device.limits.maxStorageBufferBindingSize / 4,
  }
}
