import { referenceBackend, type StoredTensors } from '@cpnas/backends'
import { openSplits } from '@cpnas/data'
import {
  checkConfig,
  checkShareable,
  type Performer,
  performSample,
  presets,
  runSearch,
  type SampleWork,
  type SearchConfig,
  type SearchSnapshot,
  strategyOf,
} from '@cpnas/search'
import { specFor } from '@cpnas/supernet'
import fc from 'fast-check'
import { right as rightTask } from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { mergePass, restorePass, storePass } from '../src/evaluators/pass-weights.js'
import { runTiny, tinyConfig, tinyDataset } from './tiny.js'

const inPasses: SearchConfig = { ...tinyConfig, parallel: 'pass', passes: 2, warmupEpochs: 1 }

const setting = (config: SearchConfig) => {
  const dataset = tinyDataset()
  const splits = openSplits(dataset, config)
  if (splits._tag === 'Left') throw new Error(splits.left.problem)
  return {
    dataset,
    context: {
      backend: referenceBackend(),
      config,
      spec: specFor(config, dataset),
      splits: splits.right,
      signal: undefined,
    },
  }
}

/** Takes on everything it foresees at once, and works on it in an order of its own: by the rank of what was taken on first, second, ... */
const scattered = (config: SearchConfig, rankOf: (index: number) => number) => {
  const { dataset, context } = setting(config)
  const perform = performSample(context, strategyOf(config).length)
  const started = new Map<string, ReturnType<Performer['perform']>>()
  const seen: SampleWork[] = []
  const waiting: { readonly rank: number; readonly begin: () => void }[] = []
  const turn = (): Promise<void> =>
    new Promise(begin => {
      waiting.push({ rank: rankOf(started.size), begin })
      setImmediate(() => {
        waiting.sort((a, b) => a.rank - b.rank)
        waiting.shift()!.begin()
      })
    })
  const start = (work: SampleWork) => {
    const name = JSON.stringify([work.proposal, work.done])
    const running =
      started.get(name) ??
      turn().then(() => {
        seen.push(work)
        return perform(work, () => () => {})
      })
    started.set(name, running)
    return running
  }
  return { dataset, seen, performer: { foresee: works => void works.map(start), perform: start } satisfies Performer }
}

describe('parallel passes', () => {
  it('end alike, bit for bit, in whatever order their samples are finished', async () => {
    const here = await runTiny(inPasses)
    await fc.assert(
      fc.asyncProperty(fc.func(fc.nat(20)), async rankOf => {
        const { dataset, performer, seen } = scattered(inPasses, rankOf)
        const snapshots: SearchSnapshot[] = []
        const save = (snapshot: SearchSnapshot) => {
          snapshots.push(snapshot)
          return rightTask(undefined)
        }
        expect(await runSearch(referenceBackend(), dataset, inPasses, { performer, save })()).toEqual(here.result)
        expect(snapshots).toEqual(here.snapshots)
        expect(seen).toHaveLength(1 + strategyOf(inPasses).length.samples)
      }),
      { numRuns: 5 },
    )
  })

  it('begin every sample of a pass with the same weights', async () => {
    const { dataset, performer, seen } = scattered(inPasses, () => 0)
    await runSearch(referenceBackend(), dataset, inPasses, { performer })()
    const stem = ({ tensors }: SampleWork) => Object.entries(tensors).find(([name]) => name.includes('stem'))![1].values
    const first = seen.filter(({ proposal: { type, position } }) => type === 'sample' && position.round === 1)
    const inPass = (pass: number) => first.filter(({ proposal }) => proposal.position.pass === pass).map(stem)
    expect(inPass(1)).toEqual([stem(first[0]!), stem(first[0]!), stem(first[0]!)])
    expect(inPass(2)[0]).not.toEqual(inPass(1)[0])
  })

  it('change what a search finds out, and not what it asks first', async () => {
    const [one, other] = [await runTiny(tinyConfig), await runTiny({ ...tinyConfig, parallel: 'pass' })]
    const samples = [one, other].map(({ snapshots }) =>
      snapshots[2]!.state.history.map(entry => 'architecture' in entry && entry.architecture),
    )
    expect(samples[0]).toEqual(samples[1])
    expect(one.snapshots[2]!.state).not.toEqual(other.snapshots[2]!.state)
  })

  it('of independent weights are the search itself', async () => {
    const config: SearchConfig = { ...tinyConfig, evaluator: 'scratch', strategy: 'random', samples: 4 }
    const here = await runTiny(config)
    const { dataset, performer, seen } = scattered(config, i => -i)
    expect(await runSearch(referenceBackend(), dataset, config, { performer })()).toEqual(here.result)
    expect(seen.map(({ proposal }) => proposal.position.sample)).toEqual([4, 3, 2, 1])
  })
})

describe('the weights of a pass', () => {
  const tensors = (values: Record<string, readonly number[]>): StoredTensors =>
    Object.fromEntries(
      Object.entries(values).map(([name, x]) => [name, { shape: [x.length], values: Float32Array.from(x) }]),
    )

  it('are taken over from the one sample that trained them, and averaged over several', () => {
    const begin = tensors({ stem: [0, 0], a: [1], b: [2], c: [3] })
    const trained = [tensors({ stem: [1, 4], a: [10] }), tensors({ stem: [3, 8], b: [20] }), tensors({ stem: [5, 6] })]
    expect(mergePass({ begin, trained })).toEqual(tensors({ stem: [3, 6], a: [10], b: [20], c: [3] }))
  })

  it('come back from a checkpoint', () => {
    const names = fc.dictionary(fc.string({ minLength: 1 }), fc.array(fc.float({ noNaN: true }), { minLength: 1 }), {
      minKeys: 1,
    })
    fc.assert(
      fc.property(names, fc.array(names), (begin, trained) => {
        const weights = { begin: tensors(begin), trained: trained.map(tensors) }
        expect(restorePass(storePass(weights))).toEqual(weights)
      }),
    )
  })
})

describe('a search to be shared out', () => {
  it.each([
    [{ evaluator: 'scratch', strategy: 'random' }, undefined],
    [{ parallel: 'pass' }, undefined],
    [{}, 'Give `parallel` pass, or `evaluator` scratch'],
    [{ strategy: 'random' }, 'Give `evaluator` scratch'],
    [{ evaluator: 'one-shot' }, 'Give `evaluator` scratch'],
  ] as const)('%j', (options, remedy) => {
    const checked = checkShareable({ ...presets.paper, ...options })
    expect(checked._tag === 'Left' ? checked.left.remedy : undefined).toBe(remedy)
  })

  it('has no parallel passes with an evaluator that trains no samples', () => {
    expect(checkConfig({ ...presets.paper, parallel: 'pass', evaluator: 'one-shot' })).toMatchObject({
      left: { where: 'parallel' },
    })
  })
})
