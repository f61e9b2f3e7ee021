import { wasmBackend } from '@cpnas/backends'
import type { SearchConfig, SearchSnapshot } from '@cpnas/search'
import fc from 'fast-check'
import { right } from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { restored } from '../../../test/support/restored.js'
import { runOn, runTiny } from './tiny.js'

const oneCycle = { optimizer: 'adam', schedule: 'one-cycle' } as const

const variants: readonly Partial<SearchConfig>[] = [
  {},
  { shareWeights: true, epochsPerSample: 2, cutout: 2 },
  { warmupEpochs: 2, passes: 2, momentum: 0, edges: 2 },
  { evaluator: 'one-shot', strategy: 'bayesian', samples: 4, warmupEpochs: 3, withParent: 'always' },
  { parallel: 'pass', passes: 2, warmupEpochs: 1 },
  { parallel: 'pass', shareWeights: true },
  { ...oneCycle, warmupEpochs: 1 },
  { ...oneCycle, parallel: 'pass', passes: 2, warmupEpochs: 1 },
  { ...oneCycle, evaluator: 'one-shot', strategy: 'random', samples: 2, warmupEpochs: 3 },
  { ...oneCycle, strategy: 'darts', evaluator: 'relaxed', samples: 2, warmupEpochs: 1 },
  { strategy: 'darts', evaluator: 'relaxed', samples: 3, warmupEpochs: 0, edges: 2 },
  { strategy: 'pc-darts', evaluator: 'relaxed', samples: 3, warmupEpochs: 1, channels: 4, shareWeights: true },
  { strategy: 'dcp-nas', evaluator: 'relaxed', samples: 2, warmupEpochs: 1 },
  { strategy: 'dcp-nas', evaluator: 'relaxed', samples: 2, warmupEpochs: 0, shareWeights: true },
]

/** What a search does from a snapshot on until it saves the next one, or ends. */
const untilSaved = async (options: Partial<SearchConfig>, snapshot: SearchSnapshot | undefined) => {
  const controller = new AbortController()
  const saved: SearchSnapshot[] = []
  const save = (next: SearchSnapshot) => {
    saved.push(next)
    controller.abort()
    return right(undefined)
  }
  const { result } = await runTiny(options, { ...(snapshot && { snapshot }), save, signal: controller.signal })
  return { result, saved }
}

describe('a resumed search', () => {
  // A search that goes on from each checkpoint to the next one as if never stopped ends so, too.
  it.each(variants)('goes on bit for bit as if never stopped, from every checkpoint: %j', async options => {
    const whole = await runTiny(options)
    for (const [index, next] of whole.snapshots.entries()) {
      const before = whole.snapshots[index - 1]
      expect((await untilSaved(options, before && restored(before))).saved).toEqual([next])
    }
    const last = await untilSaved(options, restored(whole.snapshots.at(-1)!))
    expect(last).toEqual({ result: whole.result, saved: [] })
  })

  it('does so on the fast engine with two threads', async () => {
    const backend = await wasmBackend({ threads: 2 })
    try {
      const whole = await runOn(backend)
      expect(await runOn(backend)).toEqual(whole)
      for (const index of [0, 2, 4]) {
        const resumed = await runOn(backend, {}, { snapshot: restored(whole.snapshots[index]!) })
        expect(resumed.result).toEqual(whole.result)
        expect(resumed.snapshots).toEqual(whole.snapshots.slice(index + 1))
      }
      expect(backend.memory().tensors).toBe(0)
    } finally {
      await backend.close()
    }
  })

  it('does so when it is stopped at any steps, over and over', async () => {
    const whole = await runTiny()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }), async stops => {
        let snapshot: SearchSnapshot | undefined
        for (const stop of [...stops, Number.POSITIVE_INFINITY]) {
          const controller = new AbortController()
          let steps = 0
          const emit = () => {
            steps += 1
            if (steps >= stop) controller.abort()
          }
          const run = await runTiny({}, { ...(snapshot && { snapshot }), emit, signal: controller.signal })
          const last = run.snapshots.at(-1)
          if (last) snapshot = restored(last)
        }
        expect(snapshot).toEqual(whole.snapshots.at(-1))
      }),
      { numRuns: 5 },
    )
  })

  it('that was finished gives its result again', async () => {
    const whole = await runTiny()
    const again = await runTiny({}, { snapshot: whole.snapshots.at(-1)! })
    expect(again.result).toEqual(whole.result)
    expect(again.snapshots).toEqual([])
  })
})
