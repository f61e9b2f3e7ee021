import {
  check,
  encode,
  type FileErrorTag,
  from,
  type PackedModel,
  type Program,
  type ProgramErrorTag,
  type Step,
} from '@cpnas/packed'
import { expect, it } from 'vitest'
import { partsOf, records, sealed, signed, text } from './support/files.js'

const image = { height: 2, width: 3, channels: 1 }
const window = { size: 1, stride: 1, dilation: 1, shift: 0 } as const
const classifier: Step = {
  kind: 'classifier',
  inputs: [0],
  weights: Float32Array.of(1, 2),
  bias: Float32Array.of(0, 0),
}
const sign: Step = { kind: 'sign', input: 0 }
const prelu: Step = { kind: 'prelu', input: 0, slope: Float32Array.of(0.5) }
const convolution: Step = {
  kind: 'binary-convolution',
  inputs: [1],
  window,
  signs: Uint8Array.of(0b1),
  thresholds: Int16Array.of(0),
}
const pooled: Step = {
  kind: 'sum',
  ...image,
  bias: Float32Array.of(0),
  terms: [{ kind: 'max-pooling', input: 0, window, scale: Float32Array.of(1) }],
}

const model: PackedModel = {
  metadata: { classes: ['a', 'b'], normalization: { mean: [0], std: [1] } },
  program: { image, steps: [sign, convolution, classifier] },
}
const file = encode(model)
const parts = partsOf(file)
const json = JSON.stringify(model.metadata)

const program = (...steps: readonly Step[]): Program => ({ image, steps })
/** The file with other metadata. */
const told = (metadata: string): Uint8Array => sealed({ ...parts, metadata: text(metadata, parts.records.length) })
/** A file of such records. */
const recorded = (...numbers: readonly number[]): Uint8Array => {
  const all = records(...numbers)
  return sealed({ ...parts, metadata: text(json, all.length), records: all })
}
const size = [2, 3, 1]

const files: Readonly<Record<FileErrorTag, readonly [Uint8Array, string]>> = {
  TooShort: [file.slice(0, 23), 'file: has 23 bytes, but a packed model begins with a header of 24'],
  WrongMagic: [file.with(0, 0x50), 'file: does not begin with CPNASX'],
  UnknownVersion: [sealed(parts, 2), 'file: is of version 2, but this reader knows version 1'],
  Truncated: [file.slice(0, -1), `file: has ${file.length - 1} bytes of the ${file.length}`],
  TrailingBytes: [Uint8Array.of(...file, 0), `file: has ${file.length + 1} bytes, more than the ${file.length}`],
  ChecksumMismatch: [file.with(30, 0), 'so it is damaged'],
  Misaligned: [
    sealed({ ...parts, metadata: Uint8Array.of(...parts.metadata, 0x20) }),
    'they must be even, and end at a multiple of 4',
  ],
  PaddingNotZero: [
    sealed({ ...parts, data: parts.data.with(1, 7) }),
    'step 1 (binary-convolution): before its thresholds, bytes 1 to 2 of the data must be 0',
  ],
  MetadataNotJson: [told(json.slice(1)), 'metadata: are no JSON in UTF-8'],
  MetadataInvalid: [
    told(json.replace('classes', 'labels')),
    'metadata: the whole has the unknown field "labels"; known are classes, normalization, genotype, source, madeBy, licence, trainedOn',
  ],
  ClassesMismatch: [told(json.replace('"a",', '')), 'metadata: name 1 classes, but the program gives scores of 2'],
  NormalizationMismatch: [
    told(json.replace('[0]', '[0,0]')),
    'metadata: normalization.mean is of 2 channels, but the image has 1',
  ],
  RecordsTooShort: [recorded(...size, 1 | (1 << 8)), 'step 0 (sign): the records of 8 bytes end within it'],
  RecordsLeftOver: [recorded(...size, 5 | (1 << 8), 1, 0, 1 | (1 << 8), 0), 'step 1: there are records after'],
  DataTooShort: [
    sealed({ ...parts, data: parts.data.slice(0, -1) }),
    `step 2 (classifier): its bias end at byte 20 of data that are 19 bytes long`,
  ],
  DataLeftOver: [sealed({ ...parts, data: Uint8Array.of(...parts.data, 0) }), 'data: 1 bytes follow the last tensor'],
}

it.each(Object.entries(files))('a file is refused: %s', (tag, [bytes, message]) => {
  const read = from(bytes)
  expect(read).toMatchObject({ _tag: 'Left', left: { _tag: tag } })
  expect(read._tag === 'Left' && read.left.message).toContain(message)
})

const programs: Readonly<Record<ProgramErrorTag, readonly [Program, string]>> = {
  WrongImageSize: [
    { image: { ...image, width: 0 }, steps: [classifier] },
    'image: its width is 0, but must be an integer from 1 to 65535',
  ],
  UnknownStep: [
    program({ ...sign, kind: 'tanh' } as unknown as Step, classifier),
    'step 0 (tanh): there is no step of this kind',
  ],
  UnknownTerm: [
    program({ ...pooled, terms: [{ kind: 'tanh', input: 0 }] } as unknown as Step, classifier),
    'step 0 (sum), term 0 (tanh): there is no term of this kind',
  ],
  WrongInputs: [
    program(sign, { ...convolution, inputs: [] }, classifier),
    'step 1 (binary-convolution): reads no value',
  ],
  MissingValue: [
    program({ ...prelu, input: 1 }, classifier),
    'step 0 (prelu): reads value 1, but before it there are values 0 to 0',
  ],
  WrongKind: [
    program(sign, { ...prelu, input: 1 }, classifier),
    'step 1 (prelu): reads value 1 as float, but that is a map of bits',
  ],
  WrongSize: [
    program({ ...pooled, height: 1 }, classifier),
    'step 0 (sum), term 0 (max-pooling): makes a map of 2x3, but its sum is one of 1x3',
  ],
  WrongChannels: [
    program({ ...pooled, bias: Float32Array.of(0, 0) }, classifier),
    'step 0 (sum), term 0 (max-pooling): adds 1 channels, but its sum has 2',
  ],
  WrongWindow: [
    program(sign, { ...convolution, window: { ...window, size: 2 } }, classifier),
    "step 1 (binary-convolution): its window's size is 2, but must be odd, from 1 to 127",
  ],
  WrongTensor: [
    program({ ...prelu, slope: Float32Array.of(1, 2) }, classifier),
    'step 0 (prelu): its slope have 2 elements, but its shape asks for 1',
  ],
  NotFinite: [
    program(prelu, { ...classifier, weights: Float32Array.of(1, Number.NaN) }),
    'step 1 (classifier): element 1 of its weights is NaN',
  ],
  SignsLeftOver: [
    program(sign, { ...convolution, signs: Uint8Array.of(0b11) }, classifier),
    'step 1 (binary-convolution): of its signs, a bit after the last of 1 is set',
  ],
  MisplacedClassifier: [program(classifier, classifier), 'step 0 (classifier): only the last step, 1, may classify'],
  NoClassifier: [program(sign), 'program: its last step, of 1, must be a classifier, but none is'],
  TooLarge: [
    program({ ...pooled, terms: Array(256).fill(pooled.terms[0]) }, classifier),
    'step 0 (sum): has 256 terms, more than 255',
  ],
}

it.each(Object.entries(programs))('a program is refused: %s', (tag, [wrong, message]) => {
  const checked = check(wrong)
  expect(checked).toMatchObject({ _tag: 'Left', left: { _tag: tag } })
  expect(checked._tag === 'Left' && checked.left.message).toContain(message)
})

it('a program in a file is checked as one made by hand is', () => {
  const tagOf = (bytes: Uint8Array) => {
    const read = from(bytes)
    return read._tag === 'Left' ? read.left._tag : 'Right'
  }
  expect(tagOf(recorded(0, 3, 1))).toBe('WrongImageSize')
  expect(tagOf(recorded(...size, 6 | (1 << 8), 0))).toBe('UnknownStep')
  expect(tagOf(recorded(...size, 0 | (1 << 8), 2, 3, 1, 5 | (1 << 8), 0))).toBe('UnknownTerm')
  // relu of an identity
  expect(tagOf(recorded(...size, 0 | (1 << 8), 2, 3, 1, 4 | 0x80 | (1 << 8), 0))).toBe('UnknownTerm')
  expect(tagOf(recorded(...size, 1 | (2 << 8), 0, 0))).toBe('WrongInputs')
  expect(tagOf(recorded(...size, 5, 1))).toBe('WrongInputs')
  expect(tagOf(recorded(...size, 1 | (1 << 8), 1))).toBe('MissingValue')
  expect(tagOf(recorded(...size, 1 | (1 << 8), 0, 1 | (1 << 8), 1))).toBe('WrongKind')
  expect(tagOf(recorded(...size, 0, 0, 3, 1))).toBe('WrongSize')
  expect(tagOf(recorded(...size, 5 | (1 << 8), 0, 0))).toBe('WrongChannels')
  const empty = { records: records(...size), data: new Uint8Array(0) }
  expect(tagOf(sealed({ ...empty, metadata: text(json, empty.records.length) }))).toBe('NoClassifier')
  // pooling with a shift
  expect(tagOf(recorded(...size, 0 | (1 << 8), 2, 3, 1, 2 | (1 << 8), 1 << 15, 0))).toBe('WrongWindow')
  expect(tagOf(recorded(65535, 65535, 1))).toBe('TooLarge')
  const nan = partsOf(encode({ ...model, program: program(classifier) }))
  expect(tagOf(sealed({ ...nan, data: nan.data.with(3, 0x7f).with(2, 0x80) }))).toBe('NotFinite')
  expect(tagOf(sealed({ ...parts, data: parts.data.with(0, 2) }))).toBe('SignsLeftOver')
})

it('bounds are those of the format', () => {
  const maps = { ...pooled, height: 4096, width: 4096, terms: [] }
  const tagOf = (...steps: readonly Step[]) => {
    const checked = check(program(...steps, classifier))
    return checked._tag === 'Left' ? checked.left._tag : 'Right'
  }
  expect(tagOf(...Array(7).fill(maps))).toBe('Right')
  expect(tagOf(...Array(8).fill(maps))).toBe('TooLarge')
  expect(tagOf({ ...maps, width: 4097 })).toBe('TooLarge')
  expect(tagOf({ ...maps, width: 65536 })).toBe('WrongSize')
  // 3x3 windows of 3640 and of 3641 channels: 32760 and 32769 products.
  const products = (channels: number): readonly Step[] => [
    { kind: 'sum', height: 1, width: 1, terms: [], bias: new Float32Array(channels) },
    { ...sign, input: 1 },
    {
      ...convolution,
      inputs: [2],
      window: { ...window, size: 3 },
      signs: new Uint8Array(Math.ceil((9 * channels) / 8)),
    },
  ]
  expect(tagOf(...products(3640))).toBe('Right')
  expect(tagOf(...products(3641))).toBe('TooLarge')
})

it('metadata are of the form or refused by the field', () => {
  const messageOf = (metadata: unknown): string => {
    const read = from(told(JSON.stringify(metadata)))
    return read._tag === 'Left' ? `${read.left._tag} ${read.left.message}` : 'Right'
  }
  const { metadata } = model
  const genotype = { normal: ['none'], reduce: [] }
  expect(messageOf({ ...metadata, genotype, source: 'run' })).toBe('Right')
  for (const [wrong, what] of [
    [[], 'the whole must be an object'],
    [null, 'the whole must be an object'],
    [{ ...metadata, classes: 'ab' }, 'classes must be an array'],
    [{ ...metadata, classes: ['a', 1] }, 'element 1 of classes must be a string'],
    [{ ...metadata, normalization: undefined }, 'normalization must be an object'],
    [
      { ...metadata, normalization: { mean: ['0'], std: [1] } },
      'element 0 of normalization.mean must be a finite number',
    ],
    [
      { ...metadata, normalization: { mean: [0], std: [0] } },
      'element 0 of normalization.std must be a positive number',
    ],
    [{ ...metadata, genotype: { normal: [] } }, 'genotype.reduce must be an array'],
    [
      { ...metadata, genotype: { ...genotype, cell: 1 } },
      'genotype has the unknown field "cell"; known are normal, reduce',
    ],
    [{ ...metadata, source: 1 }, 'source must be a string'],
    [{ ...metadata, licence: 1 }, 'licence must be a string'],
    [{ ...metadata, trainedOn: { dataset: 'x' } }, 'trainedOn must name a dataset and its digest'],
    [
      { ...metadata, trainedOn: { dataset: 'x', digest: 'y', shortSide: 0.5 } },
      'trainedOn.shortSide must be a positive integer',
    ],
  ])
    expect(messageOf(wrong)).toBe(`MetadataInvalid metadata: ${what}`)
})

it('a header that names more than any memory holds is refused before anything is taken', () => {
  const huge = file.slice()
  new DataView(huge.buffer).setUint32(20, 0xffffffff, true)
  expect(from(signed(huge))).toMatchObject({ _tag: 'Left', left: { _tag: 'Truncated' } })
})
