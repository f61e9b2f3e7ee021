import { decodeModel, encodeModel, untrainedModel } from '@cpnas/model'
import { tiny } from '@cpnas/supernet'
import { expect, it } from 'vitest'

const spec = { space: 'tiny', cells: 3, channels: 4, inChannels: 3, classes: 5 }
const cell = ['conv_3x3', 'none', 'skip_connect', 'avg_pool_3x3', 'conv_3x3']

it.each(['child', 'parent'] as const)(
  'a %s without training is a whole model, with 1-bit filters of one magnitude',
  kind => {
    expect(tiny.edges).toHaveLength(cell.length)
    const model = untrainedModel(spec, { normal: cell, reduce: cell }, kind, 8)
    const decoded = decodeModel(encodeModel(model))
    expect(decoded).toMatchObject({ _tag: 'Right' })
    const { values } = model.parameters['cells.1.edges.0.conv_3x3.filters']!
    expect(new Set(Array.from(values, Math.abs)).size === 1).toBe(kind === 'child')
    expect(new Set(model.statistics['cells.0.edges.3.avg_pool_3x3.variance']!.values)).toEqual(new Set([1]))
  },
)
