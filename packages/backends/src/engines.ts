import { readdir } from 'node:fs/promises'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Tensor } from './autodiff/tensor.js'
import type { Backend } from './backend.js'
import { catchDeviceError } from './errors.js'
import { referenceBackend } from './reference/backend.js'
import type { ReferenceTensor } from './reference/tensor.js'
import { tfjsCpuBackend, tfjsNodeBackend, tfjsWebgpuBackend } from './tfjs/backend.js'
import { type AdapterSummary, printAdapter } from './tfjs/open/adapter.js'
import { openCpu } from './tfjs/open/cpu.js'
import { existingGpu } from './tfjs/open/gpu.js'
import { type NodeEngine, openNode } from './tfjs/open/node.js'
import { openWebgpu } from './tfjs/open/webgpu.js'
import type { TfjsTensor } from './tfjs/tensor.js'
import { defaultThreads, wasmBackend } from './wasm/backend.js'
import { chooseKernels } from './wasm/module.js'
import { findLibrary } from './wasm/onednn/find.js'
import type { WasmTensor } from './wasm/tensor.js'

/** The names of the engines. */
export type BackendName =
  | 'tfjs-node-gpu'
  | 'tfjs-webgpu'
  | 'onednn-bf16'
  | 'onednn'
  | 'wasm'
  | 'tfjs-node'
  | 'tfjs-cpu'
  | 'reference'

/** Each engine's tensors are its own; code above is generic in them. */
export type AnyBackend = Backend<Tensor<TfjsTensor>> | Backend<Tensor<WasmTensor>> | Backend<Tensor<ReferenceTensor>>

/** What an engine computes with on this machine. */
export interface Engine {
  readonly name: BackendName
  /** What it computes with, in one line. */
  readonly description: string
  /** The GPU of an engine that uses one, or the software adapter in its place. */
  readonly adapter?: AdapterSummary
  /** Whether `auto` may choose it. */
  readonly automatic: boolean
  readonly open: TE.TaskEither<CpnasError, AnyBackend>
}

/** Looks for an engine. Left: BackendUnavailable, it does not work here. */
export interface EngineProbe {
  readonly name: BackendName
  readonly find: (threads: number) => TE.TaskEither<CpnasError, Engine>
  /** As `find`, but Left also if the engine works and must not be chosen automatically. */
  readonly findFast: (threads: number) => TE.TaskEither<CpnasError, Engine>
}

const unavailable = (name: BackendName, problem: string): CpnasError =>
  cpnasError('BackendUnavailable', name, problem, 'Choose another engine')

const probe = (name: BackendName, find: EngineProbe['find'], findFast = find): EngineProbe => ({ name, find, findFast })

const findWasm = (threads: number): TE.TaskEither<CpnasError, Engine> =>
  pipe(
    TE.fromTask<Awaited<ReturnType<typeof chooseKernels>>, CpnasError>(chooseKernels),
    TE.flatMap(kernels => {
      if (kernels === undefined)
        return TE.left(unavailable('wasm', 'WebAssembly with SIMD and threads does not work here'))
      const arithmetic = kernels.relaxed ? 'relaxed SIMD (fused multiply-add)' : 'SIMD without fused multiply-add'
      return TE.right<CpnasError, Engine>({
        name: 'wasm',
        automatic: true,
        description: `WebAssembly with threads and ${arithmetic}, ${defaultThreads()} cores, ${threads} thread${threads === 1 ? '' : 's'} used`,
        open: catchDeviceError(TE.fromTask(() => wasmBackend({ threads }))),
      })
    }),
  )

const findOneDnn =
  (bfloat16: boolean) =>
  (threads: number): TE.TaskEither<CpnasError, Engine> =>
    pipe(
      findWasm(threads),
      TE.bindTo('wasm'),
      TE.bind('library', () => findLibrary()),
      TE.filterOrElse(
        ({ library }) => !bfloat16 || library.bfloat16,
        () => unavailable('onednn-bf16', 'this processor has no fast products of bfloat16 (AMX or AVX-512 BF16)'),
      ),
      TE.map(
        ({ wasm, library: { name, version } }): Engine => ({
          name: bfloat16 ? 'onednn-bf16' : 'onednn',
          // Whoever rounds products should know.
          automatic: !bfloat16,
          description: `${version} (${name}) for convolutions${bfloat16 ? ', products of bfloat16' : ''}; the rest in ${wasm.description}`,
          open: catchDeviceError(TE.fromTask(() => wasmBackend({ threads, oneDnn: name, bfloat16 }))),
        }),
      ),
    )

const findReference = (): TE.TaskEither<CpnasError, Engine> =>
  TE.right({
    name: 'reference',
    automatic: true,
    description: 'plain loops in float64: the oracle, hundreds of times slower than wasm',
    open: TE.fromIO(referenceBackend),
  })

const findCpu = (): TE.TaskEither<CpnasError, Engine> =>
  pipe(
    openCpu,
    TE.flatMap(runtime => TE.fromTask(runtime.close)),
    TE.map(() => ({
      name: 'tfjs-cpu',
      automatic: true,
      description: 'TensorFlow.js in plain JavaScript: for finding faults, slow',
      open: tfjsCpuBackend,
    })),
  )

const findNode = (name: NodeEngine) => (): TE.TaskEither<CpnasError, Engine> =>
  pipe(
    openNode(name),
    TE.map(() => ({
      name,
      automatic: true,
      description: `TensorFlow's C library on ${name === 'tfjs-node' ? 'the CPU' : 'a CUDA GPU'}`,
      open: tfjsNodeBackend(name),
    })),
  )

const findWebgpu = (): TE.TaskEither<CpnasError, Engine> =>
  pipe(
    openWebgpu,
    TE.tap(runtime => TE.fromTask(runtime.close)),
    TE.map(({ adapter }) => ({
      name: 'tfjs-webgpu',
      description: `WebGPU on ${printAdapter(adapter)}`,
      adapter,
      automatic: !adapter.software,
      open: tfjsWebgpuBackend,
    })),
  )

/** How the drivers of GPUs name their devices. */
const gpuDevice = /^(dri|dxg|kfd|kgsl|mali|nvidia|nvhost|nvmap)/

/** Linux shows GPUs among its devices: where there are none, Dawn need not be loaded and asked. */
const mayHaveGpu: TE.TaskEither<CpnasError, unknown> = pipe(
  TE.fromTask<boolean, CpnasError>(async () => {
    if (process.platform !== 'linux' || existingGpu()) return true
    const devices = await readdir('/dev').catch(() => undefined)
    return devices === undefined || devices.some(device => gpuDevice.test(device))
  }),
  TE.filterOrElse(
    there => there,
    () => unavailable('tfjs-webgpu', 'this machine has no GPU'),
  ),
)

const findRealGpu = (): TE.TaskEither<CpnasError, Engine> =>
  pipe(
    mayHaveGpu,
    TE.flatMap(findWebgpu),
    TE.filterOrElse(
      ({ adapter }) => adapter?.software !== true,
      ({ description }) => unavailable('tfjs-webgpu', `there is only ${description}`),
    ),
  )

/** Every engine, in the order in which `auto` prefers them. */
export const engines: readonly EngineProbe[] = [
  probe('tfjs-node-gpu', findNode('tfjs-node-gpu')),
  probe('tfjs-webgpu', findWebgpu, findRealGpu),
  probe('onednn-bf16', findOneDnn(true), () =>
    TE.left(unavailable('onednn-bf16', 'it rounds products, so auto does not choose it')),
  ),
  probe('onednn', findOneDnn(false)),
  probe('wasm', findWasm),
  probe('tfjs-node', findNode('tfjs-node')),
  probe('tfjs-cpu', findCpu),
  probe('reference', findReference),
]
