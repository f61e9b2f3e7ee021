import { backendOf } from '@cpnas/backends'
import { graphOf } from '@cpnas/export'
import { describe, expect, it } from 'vitest'
import { recordingEngine } from '../src/recording-engine.js'
import { Refusal } from '../src/refusal.js'
import { modelOf, small } from './support/models.js'

describe('graphOf', () => {
  it('has the operations of a network in the order of computation, and what they are called', async () => {
    const { nodes, names, images, scores } = graphOf(await modelOf(small))
    expect(nodes[0]).toBe(images)
    expect(nodes.at(-1)).toBe(scores)
    expect(scores.shape).toEqual([1, 2])
    expect(nodes.flatMap(({ kind }) => (kind === 'constant' || kind === 'images' ? [] : [kind]))).toEqual([
      ...['conv2d', 'affineSum'], // stem
      ...['conv2d', 'affineSum', 'conv2d', 'affineSum'], // inputs
      ...['depthwiseConv2d', 'conv2d', 'affineSum'], // node 0
      ...['maxPool', 'conv2d', 'conv2d', 'concat', 'affineSum'], // node 1
      ...['concat', 'sum', 'binary', 'matMul', 'binary'], // output, classifier
    ])
    const named = [...names].filter(([{ kind }]) => kind !== 'constant').map(([{ kind }, name]) => `${kind} ${name}`)
    expect(named).toEqual(['affineSum cells.0.nodes.0', 'affineSum cells.0.nodes.1'])
    expect([...names.values()]).toEqual(
      expect.arrayContaining(['stem.filters', 'stem.mean', 'stem.scale', 'stem.shift', 'cells.0.nodes.3', 'head.bias']),
    )
  })

  it('folds normalizations in float64', async () => {
    const model = await modelOf(small)
    const value = (name: string): number => ({ ...model.parameters, ...model.statistics })[name]!.values[1]!
    const { names } = graphOf(model)
    const [scale] = [...names].find(([, name]) => name === 'stem.scale')!
    const [shift] = [...names].find(([, name]) => name === 'stem.shift')!
    const factor = value('stem.gamma') / Math.sqrt(value('stem.variance') + 1e-5)
    expect(scale).toMatchObject({ kind: 'constant', values: { 1: expect.closeTo(factor, 14) } })
    expect(shift).toMatchObject({ values: { 1: expect.closeTo(value('stem.beta') - factor * value('stem.mean'), 14) } })
  })

  it('records a Parent too', async () => {
    const { parameters, statistics } = await modelOf(small)
    const { nodes } = graphOf({ ...small, kind: 'parent', parameters, statistics })
    const activations = nodes.flatMap(node => ('prologue' in node ? [node.prologue.activation] : []))
    expect(new Set(activations)).toEqual(new Set(['identity', 'relu']))
  })
})

it('the recording engine refuses by name what it does not know', () => {
  const backend = backendOf(recordingEngine().kernels)
  const x = backend.tensor([1, 2], [2])
  expect(() => backend.transpose(backend.reshape(x, [1, 2]), [1, 0])).toThrow(Refusal)
  expect(() => backend.reshape(x, [1, 2])).toThrow('has reshape, which cannot be exported yet')
})
