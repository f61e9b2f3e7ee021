import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Tensor } from './autodiff/tensor.js'
import type { Backend } from './backend.js'
import { type CpnasError, cpnasError } from './errors.js'
import { referenceBackend } from './reference/backend.js'
import type { ReferenceTensor } from './reference/tensor.js'
import { defaultThreads, wasmBackend } from './wasm/backend.js'
import { chooseKernels } from './wasm/module.js'
import type { WasmTensor } from './wasm/tensor.js'

export type BackendName = 'wasm' | 'reference'

/** Whether an engine works on this machine, and why (or why not). */
export interface BackendAvailability {
  readonly name: BackendName
  readonly available: boolean
  readonly reason: string
}

export interface ResolvedBackend {
  readonly name: BackendName
  /** Each engine's tensors are its own; code above is generic in them. */
  readonly backend: Backend<Tensor<WasmTensor>> | Backend<Tensor<ReferenceTensor>>
  /** Why this engine, in one line. */
  readonly reason: string
}

export interface ResolveOptions {
  /** Threads of the wasm engine, 1 to 256. Default: the cores this process may use. */
  readonly threads?: number
}

const wasmAvailability = async (): Promise<BackendAvailability> => {
  const kernels = await chooseKernels()
  if (kernels === undefined)
    return { name: 'wasm', available: false, reason: 'WebAssembly with SIMD and threads does not work here' }
  const arithmetic = kernels.relaxed ? 'relaxed SIMD (fused multiply-add)' : 'SIMD without fused multiply-add'
  return {
    name: 'wasm',
    available: true,
    reason: `WebAssembly with threads and ${arithmetic}, ${defaultThreads()} cores`,
  }
}

/** Every engine of this build, in the order `auto` prefers them. */
export const availableBackends: Task<readonly BackendAvailability[]> = async () => [
  await wasmAvailability(),
  {
    name: 'reference',
    available: true,
    reason: 'plain loops in float64: the oracle, hundreds of times slower than wasm',
  },
]

const unavailable = (name: string, problem: string, all: readonly BackendAvailability[]): CpnasError =>
  cpnasError(
    'BackendUnavailable',
    `--backend ${name}`,
    problem,
    `Choose one of those available: auto, ${all
      .filter(b => b.available)
      .map(b => b.name)
      .join(', ')}`,
  )

/**
 * The engine of that name; `auto` takes the first that works of `availableBackends`. Left: an unknown or unavailable
 * engine (BackendUnavailable), a number of threads out of range (InvalidOption).
 */
export const resolveBackend =
  (name: string, { threads = defaultThreads() }: ResolveOptions = {}): TaskEither<CpnasError, ResolvedBackend> =>
  async () => {
    if (!Number.isInteger(threads) || threads < 1 || threads > 256)
      return E.left(
        cpnasError(
          'InvalidOption',
          '--threads',
          `must be an integer from 1 to 256, got ${threads}`,
          'Leave it out to use all cores',
        ),
      )
    const all = await availableBackends()
    const chosen = name === 'auto' ? all.find(b => b.available) : all.find(b => b.name === name)
    if (!chosen) return E.left(unavailable(name, 'there is no engine of that name', all))
    if (!chosen.available) return E.left(unavailable(name, chosen.reason, all))
    const why = name === 'auto' ? `the fastest engine available: ${chosen.reason}` : `asked for: ${chosen.reason}`
    return E.right(
      chosen.name === 'wasm'
        ? {
            name: 'wasm',
            backend: await wasmBackend({ threads }),
            reason: `${why}, ${threads} thread${threads === 1 ? '' : 's'} used`,
          }
        : { name: 'reference', backend: referenceBackend(), reason: why },
    )
  }
