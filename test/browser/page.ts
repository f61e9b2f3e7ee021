import { backendOf, openWebgpu, referenceKernels, webgpuKernels } from '@cpnas/backends'
import { channelScale } from '@cpnas/binarize'
import { formatError } from '@cpnas/core'
import { mean } from '@cpnas/indicator'
import fc from 'fast-check'
import { kernelCases } from '../../packages/backends/test/kernel-cases.js'
import { kernelError } from '../../packages/backends/test/kernel-errors.js'
import { learn, lessons } from '../engines/learning.js'
import { replay } from '../engines/replay.js'
import { tracing } from '../engines/trace.js'

/** What a test asks of the page and gets from it; both are plain data. */
export interface Runs {
  readonly seed: number
  readonly numRuns: number
}

export interface Outcome {
  readonly numRuns: number
  /** The largest error in terms of the bound of float32. */
  readonly worst: number
  /** The counterexample and what it is of. Undefined: the property holds. */
  readonly failure: string | undefined
}

const reference = referenceKernels()

const openEngine = async () => {
  const runtime = await openWebgpu()
  if (runtime._tag === 'Left') throw new Error(formatError(runtime.left))
  return { adapter: runtime.right.adapter, kernels: webgpuKernels(runtime.right) }
}

const engine = openEngine()

const check = async <A>(
  { seed, numRuns }: Runs,
  cases: fc.Arbitrary<A>,
  errorsOf: (example: A) => Promise<readonly { readonly ratio: number; readonly where: string }[]>,
): Promise<Outcome> => {
  let worst = 0
  const property = fc.asyncProperty(cases, async example => {
    for (const { ratio, where } of await errorsOf(example)) {
      worst = Math.max(worst, ratio)
      if (ratio > 1) throw new Error(where)
    }
  })
  const details = await fc.check(property, { seed, numRuns })
  const report = details.failed ? ((await fc.asyncDefaultReportMessage(details)) ?? 'failed') : undefined
  const { errorInstance } = details
  const cause = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return { numRuns: details.numRuns, worst, failure: report && `${report}\n${cause}` }
}

const leavesNothing = async <A>(run: () => Promise<A>): Promise<A> => {
  const { kernels } = await engine
  const before = JSON.stringify(kernels.memory())
  const result = await run()
  const after = JSON.stringify(kernels.memory())
  if (after !== before) throw new Error(`memory was ${before} and is ${after}`)
  return result
}

const page = {
  adapter: async () => (await engine).adapter,

  /** A kernel of tfjs-webgpu against the reference. */
  kernel: async (name: string, runs: Runs): Promise<Outcome> => {
    const { kernels } = await engine
    const [, cases] = kernelCases.find(([kernel]) => kernel === name)!
    return check(runs, cases, async example => [await leavesNothing(() => kernelError(kernels, reference, example))])
  },

  /** Every kernel that two steps of a network call, on its own operands, against the reference. */
  network: async (runs: Runs): Promise<Outcome> => {
    const { kernels } = await engine
    return check(runs, lessons, lesson =>
      leavesNothing(async () => {
        const { kernels: observed, finish } = tracing(kernels)
        await learn(backendOf(observed), lesson, 2)
        return (await replay(await finish())).map(({ call, ratio, where }) => ({
          ratio,
          where: `${call.kernel}, ${where}`,
        }))
      }),
    )
  },

  /** The packages below the search, by one value of each. */
  packages: async () => {
    const { kernels } = await engine
    const backend = backendOf(kernels)
    const scale = backend.scope(() => channelScale(backend, backend.tensor([1, -2, 3, 4], [1, 1, 2, 2])))
    return { mean: mean([1, 2, 6]), scale: Array.from(await backend.read(scale)) }
  },
}

export type Page = typeof page

Object.assign(globalThis, { page })
