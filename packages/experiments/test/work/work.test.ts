import { referenceBackend, wasmBackend } from '@cpnas/backends'
import { encodeSafetensors } from '@cpnas/model'
import type { Giver, Json, Read, Task, TaskOutput } from '@cpnas/queue'
import { presets, type SampleWork, type SearchConfig } from '@cpnas/search'
import { specFor } from '@cpnas/supernet'
import { trainingPresets } from '@cpnas/training'
import fc from 'fast-check'
import { left, right } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { tablePresets } from '../../src/table/config.js'
import { innerRunWork } from '../../src/work/inner-run.js'
import { roundingOf } from '../../src/work/rounding.js'
import { queuePerformer, sampleWork } from '../../src/work/sample.js'
import { queueRows, tableRowWork } from '../../src/work/table-row.js'

const search: SearchConfig = {
  ...presets.quick,
  evaluator: 'scratch',
  strategy: 'random',
  space: 'tiny',
  operations: 'all',
}
const cell = ['none', 'conv_3x3', 'skip_connect', 'conv_3x3', 'avg_pool_3x3']
const work: SampleWork = {
  proposal: {
    type: 'sample',
    architecture: { normal: cell, reduce: cell },
    position: { round: 1, rounds: 1, pass: 1, passes: 1, sample: 2, samples: 3 },
  },
  done: { warmups: 0, samples: 1 },
  tensors: {},
}
const sample = { search, proposal: work.proposal, done: work.done }

/** The value with that at a path replaced. */
const changed = (value: unknown, path: readonly string[], by: unknown): Json => {
  const [name, ...rest] = path
  if (name === undefined) return by as Json
  const record = value as Record<string, unknown>
  return { ...record, [name]: changed(record[name], rest, by) } as Json
}

describe('a task from the queue', () => {
  it('is what was given', () => {
    expect(sampleWork.parse(sample as unknown as Json)).toEqual(right(sample))
    const row = { table: tablePresets.tiny, job: { cell, precision: 'float', seed: 3 } }
    expect(tableRowWork.parse(row as unknown as Json)).toEqual(right(row))
    const training = {
      kind: 'training',
      config: { ...trainingPresets.quick, space: 'tiny' },
      genotype: { normal: cell, reduce: cell },
      teacherHash: null,
    }
    expect(innerRunWork.parse(training as unknown as Json)).toEqual(right(training))
  })

  it.each([
    [['search', 'channels'], -1],
    [['search', 'space'], '../../etc'],
    [['search', 'another'], 1],
    [['search'], null],
    [['proposal', 'type'], 'anything'],
    [['proposal', 'epochs'], 0],
    [['proposal', 'architecture', 'normal'], ['conv_3x3']],
    [
      ['proposal', 'architecture', 'normal'],
      ['a', 'b', 'c', 'd', 'e'],
    ],
    [['proposal', 'position'], {}],
    [['done', 'samples'], 1.5],
    [['done'], []],
  ] as const)('that says %j %j is refused', (path, value) => {
    expect(sampleWork.parse(changed(sample, path, value))).toMatchObject({ _tag: 'Left' })
  })

  it('of any shape is refused without an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(sampleWork, innerRunWork, tableRowWork), (data, { parse }) => {
        expect(parse(data as Json)).toMatchObject({ _tag: 'Left' })
      }),
    )
  })
})

/** Hands every task to a function in place of a worker. */
const giverTo = (answer: (task: Task) => TaskOutput) => {
  const forgotten: string[] = []
  const problems: string[] = []
  const giver: Giver = {
    shown: '',
    warnings: [],
    workers: async () => [],
    perform: async <A>(task: Task, read: Read<A>) => {
      const value = read(answer(task))
      if (value._tag === 'Left') {
        problems.push(value.left)
        return left('stopped' as const)
      }
      const by = { host: 'there', pid: 1, engine: 'some', rounding: '0', threads: 2 }
      return right({ value: value.right, by, seconds: 3 })
    },
    forget: async ({ label }) => {
      forgotten.push(label)
    },
  }
  return { giver, forgotten, problems }
}

const evaluations = (accuracy: number, loss = 1): Json => ({ child: { accuracy, loss } })

describe('the result of a sample', () => {
  const spec = specFor(search, { channels: 3, classNames: ['a', 'b'] })
  const judge = async (output: TaskOutput, config: SearchConfig = search, tensors: SampleWork['tensors'] = {}) => {
    const { giver, problems, forgotten } = giverTo(() => output)
    const { performer, by, close } = queuePerformer(giver, config, spec)
    const result = await performer.perform({ ...work, tensors }, () => () => {})
    await close()
    return { result, problem: problems[0], by: by(), forgotten }
  }

  it('comes back as what was observed, with who did it, and is removed once it is saved', async () => {
    const { result, by, forgotten } = await judge({
      data: { losses: { child: 2 }, evaluations: evaluations(0.5) },
      blobs: {},
    })
    expect(result).toEqual(
      right({
        observation: {
          proposal: work.proposal,
          losses: { child: 2 },
          evaluations: { child: { accuracy: 0.5, loss: 1 } },
        },
        tensors: {},
      }),
    )
    expect(by).toEqual({ host: 'there', engine: 'some', rounding: '0', threads: 2, seconds: 3 })
    expect(forgotten).toEqual(['round 1/1 pass 1 sample 2/3'])
  })

  it.each([
    [null, 'without an observation'],
    [{ evaluations: evaluations(Number.NaN) }, 'accuracies that are none'],
    [{ evaluations: evaluations(1.1) }, 'accuracies that are none'],
    [{ evaluations: evaluations(0.5, Number.POSITIVE_INFINITY) }, 'accuracies that are none'],
    [{}, 'accuracies that are none'],
    [{ losses: { child: null }, evaluations: evaluations(0.5) }, 'a loss that is no number'],
  ] as const)('%j is no good', async (data, problem) => {
    expect((await judge({ data: data as Json, blobs: {} })).problem).toContain(problem)
  })

  it('has the weights of its architecture, all of them numbers', async () => {
    const shared: SearchConfig = { ...search, evaluator: 'shared-weights', strategy: 'bnas', parallel: 'pass' }
    const one = { 'child.parameters.x': { shape: [1], values: Float32Array.of(1) } }
    const data: Json = { evaluations: evaluations(0.5) }
    expect((await judge({ data, blobs: {} }, shared, one)).problem).toContain('without weights')
    expect((await judge({ data, blobs: { weights: Uint8Array.of(1) } }, shared, one)).problem).toBeDefined()
    expect((await judge({ data, blobs: { weights: encodeSafetensors(one) } }, shared, one)).problem).toContain(
      'is missing',
    )
  })
})

it('the rows of a table are given out ahead and come in order', async () => {
  const table = { ...tablePresets.tiny, epochs: 1 }
  const jobs = [0, 1, 2].map(seed => ({ cell, precision: 'binary' as const, seed }))
  const asked: string[] = []
  const { giver, forgotten } = giverTo(({ label }) => {
    asked.push(label)
    return { data: { validation: [0.5], test: 0.25, loss: 1, lossValidation: 2 }, blobs: {} }
  })
  const rows = queueRows(giver, table, jobs)
  for (const index of [0, 1, 2])
    expect(await rows.row(index)).toMatchObject({
      right: { row: { ...jobs[index], test: 0.25 }, by: { host: 'there' } },
    })
  await rows.close()
  expect(asked.slice(0, 3)).toEqual([0, 1, 2].map(seed => `${cell.join()} child seed ${seed}`))
  expect(forgotten).toHaveLength(3)
})

describe('the rounding of an engine', () => {
  it('is the same every time, on any number of threads, and another of an engine that sums otherwise', async () => {
    const [one, two] = [await wasmBackend({ threads: 1 }), await wasmBackend({ threads: 2 })]
    const reference = referenceBackend()
    try {
      const rounding = await roundingOf(one)
      expect(rounding).toMatch(/^[0-9a-f]{12}$/)
      expect(await roundingOf(two)).toBe(rounding)
      expect(await roundingOf(reference)).not.toBe(rounding)
      expect(one.memory().tensors).toBe(0)
    } finally {
      await one.close()
      await two.close()
    }
  })
})
