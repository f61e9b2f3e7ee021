import { floatParts, pack, packedSummary, summarizePacked } from '@cpnas/export'
import { summarize, sumWeights } from '@cpnas/model'
import { encode } from '@cpnas/packed'
import { count } from '@cpnas/supernet'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import { right } from './support/either.js'
import { heads, modelOf, small } from './support/models.js'

it('is the length of the file to the byte, and every row is a part of it', async () => {
  await fc.assert(
    fc.asyncProperty(heads, fc.option(fc.string(), { nil: undefined }), async (head, source) => {
      const file = encode(right(pack(await modelOf(head), { source })))
      const { rows, bytes, total, parent, compression } = right(packedSummary(head, source))
      expect(bytes).toBe(file.length)
      expect(sumWeights(rows)).toEqual(total)
      expect(total.bytes).toBe(bytes)
      expect(parent).toEqual(summarize(head.spec, head.genotype, 'parent', head.image, head).total)
      expect(compression).toBe(parent.bytes / bytes)
      expect(rows.every(({ bytes }) => bytes >= 0)).toBe(true)
    }),
    { numRuns: 25 },
  )
})

it('counts the weights and the work of the network', () => {
  fc.assert(
    fc.property(heads, head => {
      const { rows } = right(packedSummary(head))
      const layers = count({ ...head.spec, auxiliary: false }, head.genotype, 'child', head.image).layers
      const worked = rows.filter(({ binaryMacs, floatMacs }) => binaryMacs + floatMacs > 0)
      for (const { name, binaryWeights, floatWeights, binaryMacs, floatMacs } of worked) {
        const layer = layers.find(layer => layer.name === name)!
        expect([binaryWeights, floatWeights]).toEqual(layer.bits === 1 ? [layer.parameters, 0] : [0, layer.parameters])
        expect([binaryMacs, floatMacs]).toEqual(layer.bits === 1 ? [layer.macs, 0] : [0, layer.macs])
      }
      const names = worked.map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      // What leads to edges without an operation, and nowhere else, is left out.
      if (!Object.values(head.genotype).flat().includes('none'))
        expect(names.toSorted()).toEqual(
          layers.flatMap(({ name, kind }) => (kind === 'vector' ? [] : [name])).toSorted(),
        )
    }),
    { numRuns: 40 },
  )
})

it('gives the reason of all that is in 32 bits, and of nothing else', () => {
  fc.assert(
    fc.property(heads, head => {
      for (const { floatWeights, reason } of right(packedSummary(head)).rows)
        expect(reason !== undefined).toBe(floatWeights > 0)
    }),
    { numRuns: 40 },
  )
})

it('is of a packed model the same but for the names', async () => {
  await fc.assert(
    fc.asyncProperty(heads, async head => {
      const named = right(packedSummary(head))
      const { rows, bytes, total } = summarizePacked(right(pack(await modelOf(head))))
      expect({ bytes, total }).toEqual({ bytes: named.bytes, total: named.total })
      const anonymous = (all: typeof rows) => all.map(({ name: _, part: __, ...rest }) => rest)
      expect(anonymous(rows)).toEqual(anonymous(named.rows))
    }),
    { numRuns: 15 },
  )
})

it('sums up what is in 32 bits', async () => {
  expect(
    floatParts(right(pack(await modelOf(small)))).map(({ part, numbers, bytes, reason }) =>
      [part, numbers, bytes, reason].join(' | '),
    ),
  ).toEqual([
    'filters of float convolutions | 54 | 216 | the stem sees the image itself',
    'biases of sums | 6 | 24 | the stem sees the image itself',
    'scales of binary convolutions in sums | 8 | 32 | more than its signs is asked for',
    'biases of sums | 8 | 32 | more than its signs is asked for',
    'scales of pooling | 4 | 16 | pooling takes numbers, not signs',
    'scales of binary convolutions in sums | 4 | 16 | edges add up in it',
    'biases of sums | 4 | 16 | edges add up in it',
    'biases of sums | 8 | 32 | no edge leads to the node',
    'classifier | 34 | 136 | the classifier decides in full precision',
  ])
})

it('names layers as they are named elsewhere', () => {
  const { rows } = right(packedSummary(small))
  expect(
    rows.map(({ name, kind, shape, bytes, reason }) => [name, kind, shape.join('x'), bytes, reason ?? ''].join(' | ')),
  ).toMatchInlineSnapshot(`
    [
      "stem.filters | convolution | 3x3x1x6 | 216 | the stem sees the image itself",
      "stem.bias | bias | 6 | 24 | the stem sees the image itself",
      "cells.0.inputs.0.pointwise | convolution | 1x1x6x4 | 3 | ",
      "cells.0.inputs.0.pointwise.scale | scale | 4 | 16 | more than its signs is asked for",
      "cells.0.inputs.0.bias | bias | 4 | 16 | more than its signs is asked for",
      "cells.0.inputs.1.pointwise | convolution | 1x1x6x4 | 3 | ",
      "cells.0.inputs.1.pointwise.thresholds | threshold | 4 | 8 | ",
      "cells.0.edges.0.sep_conv_3x3.depthwise | depthwise | 3x3x4 | 5 | ",
      "cells.0.edges.0.sep_conv_3x3.depthwise.thresholds | threshold | 4 | 8 | ",
      "cells.0.edges.0.sep_conv_3x3.pointwise | convolution | 1x1x4x4 | 2 | ",
      "cells.0.edges.0.sep_conv_3x3.pointwise.scale | scale | 4 | 16 | more than its signs is asked for",
      "cells.0.nodes.0.bias | bias | 4 | 16 | more than its signs is asked for",
      "cells.0.edges.2.max_pool_3x3 | pooling | 4 | 16 | pooling takes numbers, not signs",
      "cells.0.edges.3.skip_connect.even | convolution | 1x1x4x2 | 1 | ",
      "cells.0.edges.3.skip_connect.even.scale | scale | 2 | 8 | edges add up in it",
      "cells.0.edges.3.skip_connect.odd | convolution | 1x1x4x2 | 1 | ",
      "cells.0.edges.3.skip_connect.odd.scale | scale | 2 | 8 | edges add up in it",
      "cells.0.nodes.1.bias | bias | 4 | 16 | edges add up in it",
      "cells.0.nodes.2.bias | bias | 4 | 16 | no edge leads to the node",
      "cells.0.nodes.3.bias | bias | 4 | 16 | no edge leads to the node",
      "head.weights | classifier | 16x2 | 128 | the classifier decides in full precision",
      "head.bias | classifier | 2 | 8 | the classifier decides in full precision",
      "header | header |  | 24 | ",
      "metadata | header |  | 352 | ",
      "records | header |  | 144 | ",
      "alignment | header |  | 13 | ",
    ]
  `)
})

it('says why there is none', () => {
  expect(packedSummary({ ...small, image: { ...small.image, height: 70_000 } })).toEqual(
    E.left(expect.stringContaining('is larger than packed models can be: image: its height is 70000')),
  )
})
