import { backendOf, type Kernels, type ReferenceTensor, referenceKernels } from '@cpnas/backends'
import { cpNas, fullSpace, samplePass } from '@cpnas/supernet'
import { expect, test } from 'vitest'
import type { KernelName } from '../../packages/backends/test/kernel-cases.js'
import { type Lesson, learn } from './learning.js'
import { replay } from './replay.js'
import { tracing } from './trace.js'

type K = Kernels<ReferenceTensor>

// All operations on some edge.
const [genotype] = samplePass(fullSpace(cpNas), 3)

const lesson: Lesson = {
  spec: { cells: 2, channels: 2, inChannels: 1, classes: 3, sepConvRepeat: 2, prelu: true },
  genotype: genotype!,
  kind: 'child',
  batch: 2,
  size: 6,
  seed: 1,
}

const faultyCalls = async (kernels: K): Promise<ReadonlySet<KernelName>> => {
  const { kernels: observed, finish } = tracing(kernels)
  await learn(backendOf(observed), lesson, 2)
  return new Set((await replay(await finish())).filter(({ ratio }) => ratio > 1).map(({ call }) => call.kernel))
}

const k = referenceKernels()
const slightly = (x: ReferenceTensor): ReferenceTensor => k.linearCombination(1 + 1e-4, x, 0, x)

/** Each kernel wrong by a little, or in one of its cases. */
const faults: Partial<K> = {
  conv2d: (...args) => slightly(k.conv2d(...args)),
  conv2dGrad: (...args) => {
    const { filters, ...others } = k.conv2dGrad(...args)
    return filters ? { ...others, filters: slightly(filters) } : others
  },
  depthwiseConv2d: (x, w, g, p) => k.depthwiseConv2d(x, w, g, { ...p, activation: 'relu' }),
  depthwiseConv2dGrad: (...args) => {
    const { sums, ...others } = k.depthwiseConv2dGrad(...args)
    return sums ? { ...others, sums: { dy: sums.dy, dyx: slightly(sums.dyx) } } : others
  },
  maxPoolGrad: (dy, x, g) => k.maxPoolGrad(dy, x, g),
  avgPoolGrad: (dy, g) => k.avgPoolGrad(dy, g),
  moments: x => ({ ...k.moments(x), variance: slightly(k.moments(x).variance) }),
  affineSum: (terms, _, into) => k.affineSum(terms, undefined, into),
  channelSums: (dy, terms) => {
    const sums = k.channelSums(dy, terms)
    return { dy: sums.dy, dyx: sums.dyx.map(slightly) }
  },
  foldNormalization: (mean, variance, epsilon) => k.foldNormalization(mean, variance, 2 * epsilon),
  scaledSignGrad: (dy, x, group, activation) => slightly(k.scaledSignGrad(dy, x, group, activation)),
  preluGrad: (...args) => ({ ...k.preluGrad(...args), input: slightly(k.preluGrad(...args).input) }),
  softmaxCrossEntropyGrad: (...args) => slightly(k.softmaxCrossEntropyGrad(...args)),
}

test('what is right is found right', async () => {
  expect(await faultyCalls(k)).toEqual(new Set())
})

test.each(Object.keys(faults) as KernelName[])('a fault in %s is found, and only there', async kernel => {
  expect(await faultyCalls({ ...k, [kernel]: faults[kernel] })).toEqual(new Set([kernel]))
})

test('an operand that is not what it was when it was made is found', async () => {
  const { conv2d } = k
  const held: ReferenceTensor[] = []
  const spoiling: K = {
    ...k,
    conv2d: (x, ...rest) => {
      held.push(x)
      return conv2d(x, ...rest)
    },
    conv2dGrad: (dy, w, x, ...rest) => k.conv2dGrad(dy, w, held[0] === x ? slightly(x) : x, ...rest),
  }
  expect(await faultyCalls(spoiling)).toEqual(new Set(['conv2dGrad']))
})
