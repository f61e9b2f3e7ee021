import type { WebGPUBackend, WebGPUProgram } from '@tensorflow/tfjs-backend-webgpu'
import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type Shape, sizeOf } from '../../shape.js'
import type { WebgpuRuntime } from '../open/webgpu.js'
import type { Store, TfjsTensor } from '../tensor.js'
import type { Launch } from './launch.js'
import type { WebgpuOptions } from './options.js'
import { makeRecorder } from './recorder.js'

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

/** A family of programs, of which each is written once. */
export const family = <A extends readonly unknown[]>(
  make: (...options: A) => Program,
): ((...options: A) => Program) => {
  const made = new Map<string, Program>()
  return (...options) => {
    const key = options.join(' ')
    const program = made.get(key) ?? make(...options)
    made.set(key, program)
    return program
  }
}

export interface Launcher {
  /** Runs a program into a new buffer of this shape. */
  launch(program: Program, launch: Launch, shape: Shape): TfjsTensor
  /** Runs a program on `result`'s buffer, from its start on: for programs that read and write in place or fill a part. It must not be among the inputs. */
  launchInto(program: Program, launch: Launch, result: TfjsTensor): void
  /** Programs run so far without TensorFlow.js. */
  recorded(): number
  /** Buffers that one program may bind, its result included. */
  readonly bindings: number
  /** Whether programs unroll short loops. */
  readonly unrolled: boolean
  /** Elements that a buffer may have. */
  readonly largest: number
}

const flat = (buffer: TensorInfo): TensorInfo => ({ ...buffer, shape: [sizeOf(buffer.shape)] })
/** TensorFlow.js recompiles when an input's shape relates differently to the result's; our programs compute their own indices. */
const shapeless = (buffer: TensorInfo): TensorInfo => ({ ...buffer, shape: [] })

export const makeLauncher = (
  runtime: Pick<WebgpuRuntime, 'backend' | 'check' | 'adapter'> & { readonly backend: WebGPUBackend },
  store: Store,
  {
    bindings = runtime.backend.device.limits.maxStorageBuffersPerShaderStage,
    unrolled = !runtime.adapter.software,
  }: WebgpuOptions = {},
): Launcher => {
  const { backend } = runtime
  const recorder = makeRecorder(backend)
  /** By key, of programs whose workgroups lie along x only, for which TensorFlow.js's prelude has another `getGlobalIndex`, and of others. */
  const alongX = new Map<string, GPUComputePipeline>()
  const across = new Map<string, GPUComputePipeline>()

  /** The first time, and whenever it wants to measure, TensorFlow.js runs a program: it compiles. */
  const compile = (program: Program, launch: Launch, result: TensorInfo): GPUComputePipeline => {
    const { inputs, integers = [], floats = [], table = [], workgroups } = launch
    const names = [...program.inputs.map(name => `${name}At`), ...(program.integers ?? [])]
    const rows = program.table ?? 0
    const declared = [
      ...names.map(name => `${name} : i32`),
      ...(program.floats ?? []).map(name => `${name} : f32`),
      ...(rows > 0 ? [`table : array<vec4<i32>, ${rows}>`] : []),
    ]
    const dispatched: WebGPUProgram = {
      shaderKey: program.key,
      outputShape: [...result.shape],
      variableNames: [...program.inputs],
      uniforms: declared.map(d => `${d}, `).join(''),
      workgroupSize: [...program.workgroup],
      dispatch: [...workgroups],
      // Not a flat layout: `main` takes no index and finds its own.
      dispatchLayout: { x: [], y: [0] },
      getUserCode: program.source,
    }
    backend.runWebGPUProgram(
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
    return dispatched.pipeline as GPUComputePipeline
  }

  const run = (program: Program, launch: Launch, result: TensorInfo): TensorInfo => {
    runtime.check()
    const { workgroups } = launch
    const [size] = result.shape as [number]
    const pipelines = workgroups[1] === 1 && workgroups[2] === 1 ? alongX : across
    const pipeline = pipelines.get(program.key)
    if (pipeline === undefined || size === 0 || !recorder.record(pipeline, result, launch, program.table ?? 0))
      pipelines.set(program.key, compile(program, launch, result))
    return result
  }

  return {
    launch: (program, launch, shape) =>
      store.make(run(program, launch, backend.makeTensorInfo([sizeOf(shape)], 'float32')), shape),
    launchInto: (program, launch, result) => {
      run(program, launch, flat(result.buffer))
      store.overwritten(result.buffer)
    },
    recorded: recorder.recorded,
    bindings,
    unrolled,
    largest: runtime.backend.device.limits.maxStorageBufferBindingSize / 4,
  }
}
