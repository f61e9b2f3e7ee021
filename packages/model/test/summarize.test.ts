import { decodeSafetensorsFile, encodeModel, summarize, sumWeights } from '@cpnas/model'
import { count } from '@cpnas/supernet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellOf, everything, heads, modelOf, small } from './support/models.js'

describe('summarize', () => {
  it('weighs what the file of the model weighs, to the byte', () => {
    fc.assert(
      fc.property(heads, head => {
        const { spec, genotype, kind, image } = head
        const summary = summarize(spec, genotype, kind, image, head)
        const file = encodeModel(modelOf(head))
        expect(summary.bytes).toBe(file.length)
        expect(sumWeights(summary.rows)).toEqual(summary.total)
        const parent = encodeModel(modelOf({ ...head, kind: 'parent' })).length
        expect(summary.parent.bytes).toBe(parent)
        expect(summary.compression).toBe(parent / file.length)
      }),
      { numRuns: 60 },
    )
  })

  it('has a row for every tensor of the file, of the bytes that the tensor has there', () => {
    fc.assert(
      fc.property(heads, head => {
        const { spec, genotype, kind, image } = head
        const { rows } = summarize(spec, genotype, kind, image, head)
        const decoded = decodeSafetensorsFile(encodeModel(modelOf(head)))
        if (decoded._tag === 'Left') throw new Error(decoded.left)
        const total = (entries: readonly (readonly [string, number])[]) => {
          const sums: Record<string, number> = {}
          for (const [name, bytes] of entries) sums[name] = (sums[name] ?? 0) + bytes
          return sums
        }
        const tensors = Object.entries(decoded.right.tensors).map(
          ([name, { values }]) => [name.replace(/\.(mean|variance|gamma|beta|signs)$/, ''), values.byteLength] as const,
        )
        expect(total(rows.slice(0, -1).map(({ name, bytes }) => [name, bytes]))).toEqual(total(tensors))
        const identities = rows.map(({ name, kind }) => `${name} ${kind}`)
        expect(new Set(identities).size).toBe(rows.length)
        expect(rows.at(-1)).toMatchObject({ name: 'header', kind: 'header' })
      }),
      { numRuns: 40 },
    )
  })

  it('counts weights and work as `count` does', () => {
    fc.assert(
      fc.property(heads, head => {
        const { spec, genotype, kind, image } = head
        const { total, rows } = summarize(spec, genotype, kind, image, head)
        const { binary, float } = count({ ...spec, auxiliary: false }, genotype, kind, image)
        const of = (row: (typeof rows)[number]) => row.kind === 'scale' || row.kind === 'normalization'
        const others = sumWeights(rows.filter(row => !of(row)))
        expect(total.binaryWeights).toBe(binary.parameters)
        expect([total.binaryMacs, total.floatMacs]).toEqual([binary.macs, float.macs])
        // Of normalizations, `count` has what is learnt.
        expect(others.floatWeights).toBeLessThanOrEqual(float.parameters)
        expect(total.floatWeights).toBeGreaterThanOrEqual(float.parameters)
      }),
    )
  })

  it('gives a reason for all that is in 32 bits, and for nothing else', () => {
    fc.assert(
      fc.property(heads, ({ spec, genotype, kind, image }) => {
        for (const row of summarize(spec, genotype, kind, image).rows)
          if (row.floatWeights > 0) expect(row.reason).toBeTruthy()
          else if (row.binaryWeights > 0 || row.kind === 'header') expect(row.reason).toBeUndefined()
      }),
    )
  })

  it('of a small network, by hand', () => {
    const { rows } = summarize(
      { cells: 1, channels: 2, inChannels: 3, classes: 4, prelu: true, affine: true },
      { normal: cellOf('none'), reduce: ['dil_conv_3x3', ...cellOf('none').slice(1)] },
      'child',
      { height: 8, width: 8, channels: 3 },
    )
    // One cell, a reduction: 4 channels, 4x4 pixels.
    expect(
      rows.map(({ name, part, kind, binaryWeights, floatWeights, binaryMacs, floatMacs, bytes }) =>
        [name, part, kind, binaryWeights, floatWeights, binaryMacs, floatMacs, kind === 'header' ? 0 : bytes].join(' '),
      ),
    ).toEqual([
      'stem.filters stem convolution 0 162 0 10368 648',
      'stem stem normalization 0 24 0 0 96',
      'cells.0.inputs.0.pointwise cells.0 convolution 24 0 1536 0 3',
      'cells.0.inputs.0.pointwise.scale cells.0 scale 0 4 0 0 16',
      'cells.0.inputs.0 cells.0 normalization 0 16 0 0 64',
      'cells.0.inputs.1.pointwise cells.0 convolution 24 0 1536 0 3',
      'cells.0.inputs.1.pointwise.scale cells.0 scale 0 4 0 0 16',
      'cells.0.inputs.1 cells.0 normalization 0 16 0 0 64',
      'cells.0.edges.0.dil_conv_3x3.depthwise cells.0 depthwise 36 0 576 0 5',
      'cells.0.edges.0.dil_conv_3x3.depthwise.scale cells.0 scale 0 4 0 0 16',
      'cells.0.edges.0.dil_conv_3x3.depthwise cells.0 normalization 0 16 0 0 64',
      'cells.0.edges.0.dil_conv_3x3.pointwise cells.0 convolution 16 0 256 0 2',
      'cells.0.edges.0.dil_conv_3x3.pointwise.scale cells.0 scale 0 4 0 0 16',
      'cells.0.edges.0.dil_conv_3x3 cells.0 normalization 0 16 0 0 64',
      'cells.0.edges.0.dil_conv_3x3.slope cells.0 prelu 0 4 0 0 16',
      'head.weights head classifier 0 64 0 64 256',
      'head.bias head classifier 0 4 0 0 16',
      'header file header 0 0 0 0 0',
    ])
  })

  it('says why each kind of layer is in 32 bits', () => {
    const { spec, genotype, image } = small('child', { preprocessPrecision: 'float', prelu: true })
    const { rows } = summarize(spec, genotype, 'child', image)
    const reason = (name: string) => rows.find(row => row.name === name)?.reason
    expect(reason('stem.filters')).toBe('the stem sees the image itself')
    expect(reason('head.weights')).toBe('the classifier decides in full precision')
    expect(reason('cells.0.inputs.0.pointwise')).toBe("a cell's inputs are brought to its size in full precision")
    expect(reason('cells.0.inputs.0')).toBe('a normalization scales and shifts sums')
    expect(rows.find(({ kind }) => kind === 'prelu')?.reason).toBe('a PReLU slope multiplies sums')
    expect(rows.find(({ kind }) => kind === 'scale')?.reason).toBe('the scale alpha of a 1-bit filter')
    expect(rows.filter(({ binaryWeights }) => binaryWeights > 0).every(row => row.reason === undefined)).toBe(true)
    const parent = summarize(spec, genotype, 'parent', image)
    expect(parent.rows.find(({ name }) => name.endsWith('depthwise'))?.reason).toBe('the Parent is in full precision')
    expect(parent.total.binaryWeights).toBe(0)
    expect(parent.compression).toBe(1)
  })

  it('a large network is compressed, and its header does not depend on the numbers', () => {
    const spec = { cells: 20, channels: 36, inChannels: 3, classes: 10 }
    const summary = summarize(spec, everything, 'child', { height: 32, width: 32, channels: 3 })
    expect(summary.compression).toBeGreaterThan(5)
    expect(summary.total.binaryMacs).toBeGreaterThan(20 * summary.total.floatMacs)
  })
})
