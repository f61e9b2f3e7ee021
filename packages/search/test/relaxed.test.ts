import { referenceBackend } from '@cpnas/backends'
import { openSplits } from '@cpnas/data'
import { presets, type SampleEntry, type SearchConfig, type SearchSnapshot, samplesOf, strategyOf } from '@cpnas/search'
import {
  type CellKind,
  cpNas,
  fullSpace,
  initialParameters,
  network,
  type OperationPlace,
  parameterShapes,
  specFor,
} from '@cpnas/supernet'
import { batchTensors } from '@cpnas/training'
import { describe, expect, it } from 'vitest'
import { runTiny, tinyConfig, tinyDataset } from './tiny.js'

const inDarts = { strategy: 'darts', evaluator: 'relaxed', samples: 1, warmupEpochs: 0 } as const
const kinds: readonly CellKind[] = ['normal', 'reduce']

const softmax = (values: readonly number[]): readonly number[] => {
  const exponentials = values.map(Math.exp)
  const sum = exponentials.reduce((a, b) => a + b)
  return exponentials.map(x => x / sum)
}

/** The rows of a stored tensor. */
const rowsOf = ({ tensors }: SearchSnapshot, name: string): readonly (readonly number[])[] => {
  const { shape, values } = tensors[`architecture.parameters.${name}`]!
  const [rows = 0, columns = 1] = shape
  return Array.from({ length: rows }, (_, i) => Array.from(values.slice(i * columns, (i + 1) * columns)))
}

describe('relaxed', () => {
  it('moves every weight of the architecture against its gradient on the validation split, Adam’s first step by its rate', async () => {
    // No signs: their estimated gradients are not those of finite differences.
    const operations = ['none', 'max_pool_3x3', 'avg_pool_3x3']
    const everywhere = fullSpace({ edges: cpNas.edges, operations: operations.map(name => ({ name })) })
    const smooth = { operations, preprocessPrecision: 'float', batchSize: 8, flip: false, crop: 0 } as const
    const config: SearchConfig = { ...tinyConfig, ...inDarts, ...smooth }
    const { snapshots } = await runTiny(config)
    const backend = referenceBackend()
    const spec = specFor(config, tinyDataset())
    const splits = openSplits(tinyDataset(), config)
    if (splits._tag === 'Left') throw new Error('no splits')
    const batches: Parameters<typeof batchTensors>[1][] = []
    for await (const batch of splits.right.validation) batches.push(batch)
    const shapes = parameterShapes(spec, everywhere)
    const parameters = Object.fromEntries(
      Object.entries(initialParameters(shapes, config.seed)).map(([name, v]) => [
        name,
        backend.tensor(v, shapes[name]!),
      ]),
    )
    /** The loss on the validation batch with one weight of the architecture off zero. */
    const loss = async (at: OperationPlace, by: number): Promise<number> => {
      const { images, labels } = batchTensors(backend, batches[0]!)
      const weight = ({ kind, edge, operation }: OperationPlace) => {
        const own = operations.map(name => (kind === at.kind && edge === at.edge && name === at.operation ? by : 0))
        return backend.full(softmax(own)[operations.indexOf(operation)]!)
      }
      const { logits } = network(spec, everywhere, 'child')(backend, parameters, images, { weight })
      return (await backend.read(backend.softmaxCrossEntropy(logits, labels)))[0]!
    }
    let checked = 0
    for (const kind of kinds)
      for (const edge of [0, 3, 13])
        for (const [i, operation] of operations.entries()) {
          const place = { cell: 0, kind, edge, operation }
          const gradient = ((await loss(place, 1e-4)) - (await loss(place, -1e-4))) / 2e-4
          if (Math.abs(gradient) < 1e-5) continue
          checked += 1
          const moved = rowsOf(snapshots[0]!, `${kind}.operations`)[edge]![i]!
          expect(moved).toBeCloseTo(-Math.sign(gradient) * config.architectureLearningRate, 4)
        }
    expect(checked).toBeGreaterThan(8)
  })

  it('leaves the architecture alone in warm-up epochs', async () => {
    const { snapshots } = await runTiny({ ...inDarts, warmupEpochs: 2 })
    const still = (snapshot: SearchSnapshot) =>
      rowsOf(snapshot, 'normal.operations')
        .flat()
        .every(x => x === 0)
    expect(snapshots.map(still)).toEqual([true, true, false])
  })

  it('tells of the shares, and of those of edges in pc-darts', async () => {
    const { snapshots, memory } = await runTiny({ ...inDarts, strategy: 'pc-darts', samples: 2, channels: 4 })
    const { state } = snapshots.at(-1)! as SearchSnapshot & {
      readonly state: { readonly preferences: Record<CellKind, { operations: number[][]; edges: number[] }> }
    }
    for (const kind of kinds) {
      const expected = rowsOf(snapshots.at(-1)!, `${kind}.operations`).map(softmax)
      for (const [edge, row] of state.preferences[kind].operations.entries())
        for (const [i, share] of row.entries()) expect(share).toBeCloseTo(expected[edge]![i]!, 9)
      const weights = rowsOf(snapshots.at(-1)!, `${kind}.edges`).flat()
      expect(new Set(weights).size).toBeGreaterThan(1)
      for (const to of new Set(cpNas.edges.map(edge => edge.to))) {
        const own = weights.filter((_, edge) => cpNas.edges[edge]!.to === to)
        const shares = state.preferences[kind].edges.filter((_, edge) => cpNas.edges[edge]!.to === to)
        for (const [i, share] of shares.entries()) expect(share).toBeCloseTo(softmax(own)[i]!, 9)
      }
    }
    expect(memory).toEqual({ tensors: 0, bytes: 0 })
  })

  it('sends a quarter of the channels through the operations of pc-darts', async () => {
    const shapes = async (strategy: string) =>
      (await runTiny({ ...inDarts, strategy, channels: 8 })).snapshots[0]!.tensors
    const name = 'child.parameters.cells.0.edges.0.sep_conv_3x3.pointwise'
    const [whole, part] = [await shapes('darts'), await shapes('pc-darts')]
    expect(whole[name]!.shape).toEqual([1, 1, 8, 8])
    expect(part[name]!.shape).toEqual([1, 1, 2, 2])
  })

  it('trains the Parent and the Child of dcp-nas in turn, with one architecture', async () => {
    const { snapshots, memory } = await runTiny({ ...inDarts, strategy: 'dcp-nas', samples: 2, warmupEpochs: 1 })
    const [warmup, first, last] = snapshots
    expect(rowsOf(warmup!, 'normal.operations').flat()).toEqual(Array(14 * 3).fill(0))
    expect(rowsOf(last!, 'normal.operations')).not.toEqual(rowsOf(first!, 'normal.operations'))
    const name = 'stem.filters'
    for (const owner of ['child', 'parent'])
      expect(first!.tensors[`${owner}.parameters.${name}`]).not.toEqual(warmup!.tensors[`${owner}.parameters.${name}`])
    for (const { lossParent, accuracyParent } of samplesOf(last!.state)) {
      expect(lossParent).toBeGreaterThan(0)
      expect(accuracyParent).toBeGreaterThanOrEqual(0)
    }
    expect(memory).toEqual({ tensors: 0, bytes: 0 })
  })

  it('teaches the Child of dcp-nas what the Parent predicts: nothing, where both are the same network', async () => {
    // Without 1-bit layers, and with weights that do not move.
    const same = { operations: ['none', 'max_pool_3x3', 'avg_pool_3x3'], preprocessPrecision: 'float' } as const
    const still = { learningRate: 1e-12, minLearningRate: 0, weightDecay: 0 }
    const { snapshots } = await runTiny({ ...inDarts, strategy: 'dcp-nas', ...same, ...still })
    const [{ lossParent, lossChild }] = samplesOf(snapshots[0]!.state) as [SampleEntry]
    expect(lossParent).toBeGreaterThan(0.5)
    expect(Math.abs(lossChild!)).toBeLessThan(1e-4)
  })

  it('says which epoch diverged', async () => {
    for (const strategy of ['darts', 'dcp-nas']) {
      const far = { learningRate: 1e300, gradientClip: 1e300 }
      const { result, memory } = await runTiny({ ...inDarts, strategy, ...far, samples: 3 })
      expect(result).toMatchObject({ _tag: 'Left', left: { _tag: 'NonFiniteLoss' } })
      expect(memory).toEqual({ tensors: 0, bytes: 0 })
    }
  })
})

describe('darts', () => {
  const operations = ['none', 'skip_connect', 'sep_conv_3x3']
  const config: SearchConfig = { ...presets.quick, ...inDarts, space: 'cp-nas', operations, samples: 2 }
  const shares = (edge: number): readonly number[] => [0.5, 0.203 + edge / 100, 0.297 - edge / 100]
  const preferences = { operations: cpNas.edges.map((_, edge) => shares(edge)) }
  const told = (config: SearchConfig, of: typeof preferences & { readonly edges?: readonly number[] }) => {
    const strategy = strategyOf(config)
    let state = strategy.initial
    for (let i = 0; i < 2; i++) {
      const [proposal] = strategy.ask(state)
      const evaluations = { child: { accuracy: 0.5, loss: 1 } }
      state = strategy.tell(state, [{ proposal: proposal!, evaluations, preferences: { normal: of, reduce: of } }])
    }
    return { strategy, state }
  }

  it('takes the operation of the largest share, never none', () => {
    const { strategy, state } = told(config, preferences)
    const expected = cpNas.edges.map((_, edge) => (edge <= 4 ? 'sep_conv_3x3' : 'skip_connect'))
    expect(strategy.result(state).normal).toEqual(expected)
    expect(samplesOf(state).map(({ architecture }) => architecture.normal)).toEqual([expected, expected])
  })

  it('keeps the two inputs of largest share, or of largest share times that of the edge', () => {
    const kept = (cell: readonly string[]): readonly number[] =>
      cell.flatMap((operation, edge) => (operation === 'none' ? [] : [edge]))
    const two = told({ ...config, edges: 2 }, preferences)
    // Shares of the last node's edges 9 to 13: 0.293 to 0.333.
    expect(kept(two.strategy.result(two.state).normal).slice(-2)).toEqual([12, 13])
    const edges = cpNas.edges.map((_, edge) => (edge === 9 || edge === 11 ? 0.4 : 0.1))
    const weighed = told({ ...config, strategy: 'pc-darts', edges: 2 }, { ...preferences, edges })
    expect(kept(weighed.strategy.result(weighed.state).normal).slice(-2)).toEqual([9, 11])
  })

  it('scores an architecture by the logarithms of its shares', () => {
    const { strategy, state } = told(config, preferences)
    const all = (operation: string) => cpNas.edges.map(() => operation)
    const score = strategy.score!(state)
    expect(score({ normal: all('none'), reduce: all('none') })).toBeCloseTo(28 * Math.log(0.5), 12)
  })
})
