import { estimators } from '@cpnas/binarize'
import { pack } from '@cpnas/export'
import { encode, from, type Step } from '@cpnas/packed'
import { cpNas } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { version } from '../src/version.js'
import { right } from './support/either.js'
import { type Head, modelOf, small } from './support/models.js'

const { edges } = cpNas

/** A cell whose edges have these operations, and the others none. */
const cell = (operations: Readonly<Record<number, string>>): readonly string[] =>
  edges.map((_, edge) => operations[edge] ?? 'none')

/** Two cells; `cells / 3` is 0 and `2 cells / 3` is 1, so both reduce. */
const of = (reduce: Readonly<Record<number, string>>, spec: Partial<Head['spec']> = {}): Head => ({
  ...small,
  spec: { ...small.spec, ...spec },
  genotype: { normal: cell({}), reduce: cell(reduce) },
})

const words = (step: Step): string => {
  if (step.kind !== 'sum') return `${step.kind} of ${'inputs' in step ? step.inputs : step.input}`
  return `sum of ${step.terms.map(term => `${term.kind} of ${'inputs' in term ? term.inputs : term.input}`).join(', ')}`
}

const stepsOf = async (head: Head): Promise<readonly string[]> =>
  right(pack(await modelOf(head))).program.steps.map(words)

describe('pack', () => {
  it('has metadata that say what the model is', async () => {
    const { metadata } = right(pack(await modelOf(small), { source: 'runs/7', licence: 'MIT' }))
    expect(metadata).toEqual({
      classes: ['dark', 'bright'],
      normalization: { mean: [0.5], std: [0.25] },
      genotype: small.genotype,
      source: 'runs/7',
      madeBy: `cpnas ${version}`,
      licence: 'MIT',
    })
    expect(right(pack(await modelOf(small))).metadata).not.toHaveProperty('source')
  })

  it('makes what can be written and read', async () => {
    const packed = right(pack(await modelOf(small)))
    expect(right(from(encode(packed)) as E.Either<unknown, typeof packed>)).toEqual(packed)
  })

  it('packs a Child of an estimator that no engine has fused to the same bits', async () => {
    const head = of({ 0: 'sep_conv_3x3', 1: 'skip_connect', 2: 'dil_conv_5x5', 4: 'max_pool_3x3' })
    const model = await modelOf(head)
    const { activation: _, ...estimator } = estimators.polynomial
    const own = { ...model, spec: { ...model.spec, estimator } }
    expect(encode(right(pack(own)))).toEqual(encode(right(pack(model))))
  })

  it('compares with thresholds where nothing but signs are asked for, and takes a sign once', async () => {
    // Edges 0 and 2 begin at input 0, edge 1 at input 1.
    expect(await stepsOf(of({ 0: 'sep_conv_3x3', 1: 'sep_conv_3x3', 2: 'dil_conv_3x3' }))).toEqual([
      'sum of convolution of 0',
      'sign of 1',
      'binary-convolution of 2',
      'binary-convolution of 2',
      'binary-depthwise of 3',
      'binary-depthwise of 4',
      'sum of binary-convolution of 5, binary-convolution of 6',
      'binary-depthwise of 3',
      'sum of binary-convolution of 8',
      'sum of ',
      'sum of ',
      'classifier of 7,9,10,11',
    ])
  })

  it('leaves out what nothing is made of, and takes a map that is asked for as it is', async () => {
    expect(await stepsOf(of({ 0: 'max_pool_3x3', 4: 'skip_connect' }))).toEqual([
      'sum of convolution of 0',
      'sign of 1',
      'sum of binary-convolution of 2',
      'sum of max-pooling of 3',
      'sum of ',
      'sum of ',
      'classifier of 4,4,5,6',
    ])
  })

  it('has a threshold between the pairs of a repeated sep_conv, and float sums before a PReLU', async () => {
    expect(await stepsOf(of({ 0: 'sep_conv_5x5' }, { sepConvRepeat: 2, prelu: true }))).toEqual([
      'sum of convolution of 0',
      'sign of 1',
      'binary-convolution of 2',
      'binary-depthwise of 3',
      'binary-convolution of 4',
      'binary-depthwise of 5',
      'sum of binary-convolution of 6',
      'prelu of 7',
      'sum of ',
      'sum of ',
      'sum of ',
      'classifier of 8,9,10,11',
    ])
  })

  it('reads several maps side by side instead of joining them, and joins the halves of a reduction', async () => {
    // Cell 1 takes the nodes of cell 0, its input 0 the stem at twice the resolution.
    const steps = await stepsOf(of({ 0: 'dil_conv_3x3', 1: 'avg_pool_3x3' }, { cells: 2 }))
    expect(steps).toContain('sum of binary-convolution of 2, binary-convolution of 2')
    expect(steps).toContain('sum of binary-convolution of 7,9,11,13')
  })

  it('has convolutions in float where preprocessing is', async () => {
    expect(await stepsOf(of({ 0: 'sep_conv_3x3' }, { preprocessPrecision: 'float' }))).toEqual(
      expect.arrayContaining(['sum of convolution of 0', 'sum of convolution of 1', 'sign of 2']),
    )
  })

  it('says why a model cannot be packed', async () => {
    const model = await modelOf(small)
    const name = 'cells.0.edges.0.sep_conv_3x3.pointwise'
    const { shape } = model.parameters[name]!
    const values = (first: number) => model.parameters[name]!.values.map((value, i) => (i === 0 ? first : value))
    const withFirst = (first: number) => ({
      ...model,
      parameters: { ...model.parameters, [name]: { shape, values: values(first) } },
    })
    expect(pack({ ...model, kind: 'parent' })).toEqual(
      E.left('is a Parent, in full precision, and only 1-bit networks are packed; export it as onnx'),
    )
    expect(pack(withFirst(Number.NaN))).toEqual(E.left(`has the value NaN in ${name}`))
    expect(pack(withFirst(2))).toEqual(E.left(expect.stringContaining(`has a filter ${name} that is not of 1 bit`)))
    expect(pack({ ...model, image: { ...model.image, width: 70_000 } })).toEqual(
      E.left(expect.stringContaining('is larger than packed models can be: image: its width is 70000')),
    )
  })
})
