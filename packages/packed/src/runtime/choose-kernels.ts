import { compileKernels, hasRelaxedSimd } from '../kernels/compile.js'
import { type Measured, measureLoops } from './choose-loop.js'
import type { Loop } from './products.js'

/** How a model is run. */
export interface RunnerOptions {
  /** The loop over channels of binary convolutions; both give the same bits. Default 'auto': the one that a short measurement finds faster. */
  readonly loop?: 'auto' | Loop
  /** Whether the kernels use relaxed SIMD. Default 'auto': where there is such. */
  readonly relaxed?: 'auto' | boolean
}

/** What a runner computes with. */
export interface Choice {
  readonly loop: Loop
  readonly relaxed: boolean
  /** What the loops took for the same layer, if that decided. */
  readonly measured?: Measured
}

/** Compiled kernels, and which they are. Plain data that another thread can be sent. */
export interface ChosenKernels {
  readonly module: WebAssembly.Module
  readonly choice: Choice
}

/** Compiles the kernels that are asked for, and measures where both loops would do. */
export const chooseKernels = async ({
  loop = 'auto',
  relaxed = 'auto',
}: RunnerOptions = {}): Promise<ChosenKernels> => {
  const possible = hasRelaxedSimd()
  const isRelaxed = relaxed === 'auto' ? possible : relaxed
  const module = await compileKernels(isRelaxed)
  if (loop !== 'auto') return { module, choice: { loop, relaxed: isRelaxed } }
  const measured = measureLoops(module)
  const faster = measured.popcount < measured.lookup ? 'popcount' : 'lookup'
  return { module, choice: { loop: faster, relaxed: isRelaxed, measured } }
}
