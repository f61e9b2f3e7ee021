import type { CpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Runtime } from '../runtime.js'
import { kernelRunner } from './kernel-runner.js'
import { importModules } from './modules.js'

/** TensorFlow.js in plain JavaScript: slow, everywhere, for finding faults. Left: its packages are not installed. */
export const openCpu: TE.TaskEither<CpnasError, Runtime> = pipe(
  importModules('tfjs-cpu', ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'], () =>
    Promise.all([import('@tensorflow/tfjs-core'), import('@tensorflow/tfjs-backend-cpu')]),
  ),
  TE.map(([core, { MathBackendCPU }]) => {
    const backend = new MathBackendCPU()
    // Else it prints an advertisement for tfjs-node.
    Object.assign(backend, { firstUse: false })
    const check = () => {}
    return {
      name: 'tfjs-cpu',
      backend,
      ...kernelRunner(core, 'cpu', backend, check),
      check,
      close: async () => backend.dispose(),
    }
  }),
)
