import { setTimeout } from 'node:timers/promises'
import { wasmBackend } from '@cpnas/backends'
import type { ImageFolder } from '@cpnas/data'
import type { TrainingConfig, TrainingSnapshot } from '@cpnas/training'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { restored } from '../../../../test/support/restored.js'
import { digest, digests, everything, runOn, runTiny, tinyDataset } from './tiny.js'

const variants: readonly Partial<TrainingConfig>[] = [
  {},
  everything,
  { ...everything, stages: 1, optimizer: 'sgd', precision: 'float' },
  { validationShare: 0, optimizer: 'sgd', momentum: 0, lambda: 0, filterWeight: 0, emaDecay: 0.5 },
]

describe('a resumed training', () => {
  it.each(variants)('ends bit for bit as if never stopped, from every checkpoint: %j', async options => {
    const whole = await runTiny(options, { saveEvery: 3 })
    expect(whole.result).toMatchObject({ _tag: 'Right', right: { status: 'finished' } })
    expect(whole.snapshots).toHaveLength((options.stages ?? 1) * 4)
    for (const index of whole.snapshots.keys()) {
      const snapshot = restored(whole.snapshots[index]!)
      const resumed = await runTiny(options, { snapshot, saveEvery: 3 })
      const { result, snapshots } = digests(whole)
      expect(digests(resumed)).toEqual({ result, snapshots: snapshots.slice(index + 1) })
      expect(resumed.memory.tensors).toBe(0)
    }
  })

  it('comes to the same however often it is saved', async () => {
    const [rarely, often] = [await runTiny(everything), await runTiny(everything, { saveEvery: 1 })]
    expect(digests(often).result).toEqual(digests(rarely).result)
    expect(often.snapshots).toHaveLength(16)
    expect(rarely.snapshots).toHaveLength(4)
  })

  it('does so with images that arrive over time, and as with the same images at hand', async () => {
    const record = tinyDataset()
    const size = record.height * record.width
    /** Gives every batch some time after it was asked for, the later ones sooner. */
    const folder: ImageFolder = {
      ...record,
      labels: Uint16Array.from(record.labels),
      directory: '',
      paths: [],
      contents: undefined,
      leftOut: [],
      notes: [],
      prefetch: 2,
      maxCorrupt: 0,
      corrupt: [],
      load: async ({ indices, position, normalization: { mean, std } }) => {
        await setTimeout(4 - ((position / 4) % 4))
        const bytes = new Uint8Array(indices.length * size)
        record.read(indices, bytes)
        const images = Float32Array.from(bytes, value => (value / 255 - mean[0]!) / std[0]!)
        return { images, places: [...indices.keys()], corrupt: [] }
      },
    }
    const config = { ...everything, crop: 0, flip: false, cutout: 0 }
    const whole = await runTiny(config, { saveEvery: 3 }, folder)
    const { result, snapshots } = digests(whole)
    expect({ result, snapshots }).toEqual(digests(await runTiny(config, { saveEvery: 3 }, record)))
    for (const index of [0, 1, 4]) {
      const resumed = await runTiny(config, { saveEvery: 3, snapshot: whole.snapshots[index]! }, folder)
      expect(digests(resumed)).toEqual({ result, snapshots: snapshots.slice(index + 1) })
    }
  })

  it('does so on the fast engine with two threads', async () => {
    const backend = await wasmBackend({ threads: 2 })
    try {
      const config = { ...everything, auxiliaryWeight: 0.4 }
      const whole = await runOn(backend, config, { saveEvery: 3 })
      const { result, snapshots } = digests(whole)
      for (const index of [2, 4]) {
        const snapshot = restored(whole.snapshots[index]!)
        const resumed = await runOn(backend, config, { snapshot, saveEvery: 3 })
        expect(digests(resumed)).toEqual({ result, snapshots: snapshots.slice(index + 1) })
      }
      expect(backend.memory().tensors).toBe(0)
    } finally {
      await backend.close()
    }
  })

  it('does so when it is stopped at any steps, over and over', async () => {
    const whole = await runTiny(everything)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }), async stops => {
        let snapshot: TrainingSnapshot | undefined
        for (const stop of [...stops, Number.POSITIVE_INFINITY]) {
          const controller = new AbortController()
          let steps = 0
          const emit = () => {
            steps += 1
            if (steps >= stop) controller.abort()
          }
          const run = await runTiny(everything, { ...(snapshot && { snapshot }), emit, signal: controller.signal })
          snapshot = run.snapshots.at(-1) ?? snapshot
          if (stop === Number.POSITIVE_INFINITY) expect(digests(run).result).toEqual(digests(whole).result)
        }
        expect(digest(snapshot!.tensors)).toEqual(digest(whole.snapshots.at(-1)!.tensors))
      }),
      { numRuns: 5 },
    )
  })

  it('saves where the signal stops it, the steps of the epoch done', async () => {
    const controller = new AbortController()
    const { result, snapshots } = await runTiny(
      {},
      { signal: controller.signal, emit: event => event.type === 'progress' && event.step === 2 && controller.abort() },
    )
    expect(snapshots.map(({ state }) => state.step)).toEqual([2])
    expect(result).toEqual({ _tag: 'Right', right: { status: 'stopped', state: snapshots[0]!.state } })
  })
})
