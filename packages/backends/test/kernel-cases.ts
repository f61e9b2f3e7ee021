import type { Kernels } from '@cpnas/backends'
import fc from 'fast-check'
import { convolutionCases } from './kernel-cases/convolution.js'
import { elementwiseCases } from './kernel-cases/elementwise.js'
import type { KernelCase } from './kernel-cases/kernel-case.js'
import { normalizationCases } from './kernel-cases/normalization.js'
import { optimizerCases } from './kernel-cases/optimizer.js'
import { poolingCases } from './kernel-cases/pooling.js'
import { preluCases } from './kernel-cases/prelu.js'
import { scaledSignCases } from './kernel-cases/scaled-sign.js'
import { shapeCases } from './kernel-cases/shape.js'

type Infrastructure = 'name' | 'precision' | 'fromValues' | 'shapeOf' | 'read' | 'free' | 'memory' | 'close'

export type KernelName = Exclude<keyof Kernels<unknown>, Infrastructure>

const all: Readonly<Record<KernelName, fc.Arbitrary<KernelCase>>> = {
  ...elementwiseCases,
  ...shapeCases,
  ...convolutionCases,
  ...poolingCases,
  ...normalizationCases,
  ...scaledSignCases,
  ...preluCases,
  ...optimizerCases,
}

/** For every kernel, calls of it that two engines can be compared on; a counterexample prints as its name. */
export const kernelCases: readonly (readonly [KernelName, fc.Arbitrary<KernelCase>])[] = Object.entries(all).map(
  ([kernel, cases]) => [
    kernel as KernelName,
    cases.map(kernelCase => ({ ...kernelCase, [fc.toStringMethod]: () => kernelCase.name })),
  ],
)

export type { KernelCase } from './kernel-cases/kernel-case.js'
