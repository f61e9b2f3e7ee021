import type { CpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { backendOf } from '../autodiff/backend-of.js'
import type { Tensor } from '../autodiff/tensor.js'
import type { Backend } from '../backend.js'
import { tfjsKernels } from './kernels.js'
import { openCpu } from './open/cpu.js'
import { type NodeEngine, openNode } from './open/node.js'
import { openWebgpu } from './open/webgpu.js'
import type { TfjsTensor } from './tensor.js'
import { webgpuKernels } from './webgpu/kernels.js'

/** The tensor algebra over TensorFlow.js, on whatever it computes. */
export type TfjsBackend = Backend<Tensor<TfjsTensor>>

/** The tensor algebra over TensorFlow.js in plain JavaScript. Left: as `openCpu`. */
export const tfjsCpuBackend: TE.TaskEither<CpnasError, TfjsBackend> = pipe(
  openCpu,
  TE.map(runtime => backendOf(tfjsKernels(runtime))),
)

/** The tensor algebra over WebGPU. Left: as `openWebgpu`. */
export const tfjsWebgpuBackend: TE.TaskEither<CpnasError, TfjsBackend> = pipe(
  openWebgpu,
  TE.map(runtime => backendOf(webgpuKernels(runtime))),
)

/** The tensor algebra over TensorFlow's C library. Left: as `openNode`. */
export const tfjsNodeBackend = (engine: NodeEngine): TE.TaskEither<CpnasError, TfjsBackend> =>
  pipe(
    openNode(engine),
    TE.map(runtime => backendOf(tfjsKernels(runtime))),
  )
