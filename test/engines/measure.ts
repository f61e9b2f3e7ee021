import { backendOf, type Kernels, referenceKernels } from '@cpnas/backends'
import { cpNas, fullSpace, samplePass } from '@cpnas/supernet'
import fc from 'fast-check'
import { kernelCases } from '../../packages/backends/test/kernel-cases.js'
import { kernelError } from '../../packages/backends/test/kernel-errors.js'
import type { Engine } from './engines.js'
import { beginner, type Lesson, learn, lessons, material, step } from './learning.js'
import { replay } from './replay.js'
import { tracing } from './trace.js'

export interface Runs {
  /** Cases of each kernel. */
  readonly cases: number
  /** Networks, two steps each. */
  readonly networks: number
  readonly seed: number
}

/** What `pnpm engines` says of an engine. Errors are in terms of the bound of float32. */
export interface Measurement {
  readonly name: string
  /** Why it is not available. Undefined: it is. */
  readonly absent?: string
  readonly kernels?: { readonly passed: number; readonly all: number; readonly worst: number; readonly where: string }
  /** Calls of kernels by whole networks. */
  readonly calls?: { readonly passed: number; readonly all: number; readonly worst: number; readonly where: string }
  /** Milliseconds of one search step, Child and Parent. */
  readonly ms?: number
}

const reference = referenceKernels()

interface Observed {
  readonly kernel: string
  readonly ratio: number
}

const tally = (observed: readonly Observed[]) => {
  const worst = observed.reduce((a, b) => (b.ratio > a.ratio ? b : a))
  return {
    passed: observed.filter(({ ratio }) => ratio <= 1).length,
    all: observed.length,
    worst: worst.ratio,
    where: worst.kernel,
  }
}

const worstOfKernels = async (kernels: Kernels<object>, { cases, seed }: Runs): Promise<readonly Observed[]> => {
  const observed: Observed[] = []
  for (const [kernel, arbitrary] of kernelCases) {
    let ratio = 0
    for (const example of fc.sample(arbitrary, { numRuns: cases, seed }))
      ratio = Math.max(ratio, (await kernelError(kernels, reference, example)).ratio)
    observed.push({ kernel, ratio })
  }
  return observed
}

const callsOfNetworks = async (kernels: Kernels<object>, { networks, seed }: Runs): Promise<readonly Observed[]> => {
  const observed: Observed[] = []
  for (const lesson of fc.sample(lessons, { numRuns: networks, seed })) {
    const { kernels: traced, finish } = tracing(kernels)
    await learn(backendOf(traced), lesson, 2)
    for (const { call, ratio } of await replay(await finish())) observed.push({ kernel: call.kernel, ratio })
  }
  return observed
}

/** A small network with a bit of everything. */
export const small = {
  spec: { cells: 3, channels: 4, inChannels: 3, classes: 10 },
  genotype: samplePass(fullSpace(cpNas), 1)[0]!,
  batch: 4,
  size: 8,
  seed: 1,
} as const satisfies Omit<Lesson, 'kind'>

const timed = 5

/** The fastest of a few steps, each waited for. */
const millisecondsOf = async (kernels: Kernels<object>): Promise<number> => {
  const backend = backendOf(kernels)
  let total = 0
  for (const kind of ['child', 'parent'] as const) {
    const lesson: Lesson = { ...small, kind }
    const data = material(backend, lesson)
    let learner = beginner(backend, lesson)
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < 2 + timed; i++) {
      const start = performance.now()
      const { learner: next, loss, statistics } = step(backend, lesson, learner, data)
      await backend.read(loss)
      learner = next
      backend.dispose([loss, statistics])
      if (i >= 2) best = Math.min(best, performance.now() - start)
    }
    backend.dispose([data, learner])
    total += best
  }
  return total
}

/** Tries an engine on random cases and networks and times it. */
export const measure = async ({ name, open }: Engine, runs: Runs): Promise<Measurement> => {
  const opened = await open()
  if (!('kernels' in opened)) return { name, absent: opened.problem }
  const { kernels } = opened
  const measurement = {
    name,
    kernels: tally(await worstOfKernels(kernels, runs)),
    calls: tally(await callsOfNetworks(kernels, runs)),
    ms: await millisecondsOf(kernels),
  }
  await kernels.close()
  return measurement
}
