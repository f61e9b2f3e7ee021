import { type CpnasError, cpnasError } from '@cpnas/core'
import type { KernelBackend } from '@tensorflow/tfjs-core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { DeviceError } from '../../errors.js'
import type { Runtime } from '../runtime.js'
import { kernelRunner } from './kernel-runner.js'
import { importHidden, importModules } from './modules.js'

/** TensorFlow's C library on the CPU and on CUDA. */
export type NodeEngine = 'tfjs-node' | 'tfjs-node-gpu'

type Core = typeof import('@tensorflow/tfjs-core')

interface NativeBackend extends KernelBackend {
  readonly isGPUPackage: boolean
  readonly isUsingGpuDevice: boolean
}

/** The name under which both packages register their backend and its kernels. */
const registered = 'tensorflow'

/** TensorFlow logs every device it finds to the standard error unless this is set before it is loaded. */
const quieten = (): void => {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
}

const fitting = (engine: NodeEngine, backend: NativeBackend): CpnasError | undefined => {
  if (backend.isGPUPackage !== (engine === 'tfjs-node-gpu'))
    return cpnasError(
      'BackendUnavailable',
      engine,
      'tfjs-node and tfjs-node-gpu cannot be loaded into one process, and the other one was loaded before',
      'Use one of them',
    )
  return engine === 'tfjs-node-gpu' && !backend.isUsingGpuDevice
    ? cpnasError(
        'BackendUnavailable',
        engine,
        'TensorFlow found no CUDA GPU',
        'Install the CUDA and cuDNN of the version that @tensorflow/tfjs-node-gpu names, or use another engine',
      )
    : undefined
}

const outOfMemory = /\bOOM\b|out of memory|resource ?exhausted/i

const withMemoryErrors = (engine: NodeEngine, run: Runtime['run']): Runtime['run'] => {
  return (kernel, inputs, attributes) => {
    try {
      return run(kernel, inputs, attributes)
    } catch (thrown) {
      if (!(thrown instanceof Error && outOfMemory.test(thrown.message))) throw thrown
      throw new DeviceError(
        cpnasError(
          'DeviceFailed',
          engine,
          `there is not enough memory (${thrown.message.trim().split('\n')[0]})`,
          'Lower the batch size, or free memory that other programs hold',
        ),
      )
    }
  }
}

/**
 * TensorFlow's C library: `tfjs-node` on the CPU, `tfjs-node-gpu` on a CUDA GPU. Left: the package or its native library
 * is not installed, no CUDA GPU was found, or the other of the two was loaded into this process before.
 */
export const openNode = (engine: NodeEngine): TE.TaskEither<CpnasError, Runtime> =>
  pipe(
    TE.fromIO(quieten),
    TE.flatMap(() =>
      importModules(engine, ['@tensorflow/tfjs-core', `@tensorflow/${engine}`], () =>
        Promise.all([importHidden<Core>('@tensorflow/tfjs-core'), importHidden(`@tensorflow/${engine}`)]),
      ),
    ),
    TE.flatMap(([core]): TE.TaskEither<CpnasError, Runtime> => {
      const backend = core.engine().findBackend(registered) as NativeBackend
      const problem = fitting(engine, backend)
      if (problem !== undefined) return TE.left(problem)
      const check = () => {}
      const { run, has } = kernelRunner(core, registered, backend, check)
      // The library stays with the process, and so does its only backend.
      return TE.right({
        name: engine,
        backend,
        run: withMemoryErrors(engine, run),
        has,
        check,
        close: () => Promise.resolve(),
      })
    }),
  )
