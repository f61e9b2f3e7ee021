import { verified } from '../check.js'
import { demand } from '../errors.js'
import type { PackedModel } from '../program.js'
import { chooseKernels, type RunnerOptions } from './choose-kernels.js'
import { type Runner, runnerOf } from './runner.js'

/**
 * Lays a model out for the WebAssembly kernels, in memory of its own: the fast engine, in Node and browsers, on the calling thread;
 * `createPool` has more of them. Rejects where WebAssembly has no SIMD (`interpret` runs there), and with a RangeError for a program
 * that is none.
 */
export const createRunner = async ({ program }: PackedModel, options?: RunnerOptions): Promise<Runner> => {
  const shapes = demand('createRunner', () => verified(program))
  return runnerOf(await chooseKernels(options), { program, shapes })
}
