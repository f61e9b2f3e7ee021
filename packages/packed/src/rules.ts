import type { Step, Term } from './program.js'

export type StepKind = Step['kind']
export type TermKind = Term['kind']

/** A tensor that a step or a term has. */
export interface TensorRule {
  readonly name: string
  readonly type: 'Uint8Array' | 'Int16Array' | 'Float32Array'
  /** Elements. */
  readonly length: number
  /** Of signs: bits. */
  readonly bits?: number
}

interface Sizes {
  /** Pixels of the window. */
  readonly taps: number
  /** Channels of all inputs. */
  readonly inputs: number
  /** Channels of what is made. */
  readonly outputs: number
}

/** What a kind of step or term reads and has. */
export interface Rule {
  readonly reads: 'float' | 'bits'
  /** Whether it has `inputs`, else one `input`. */
  readonly many: boolean
  readonly windowed: boolean
  /** Whether the number of channels that it makes is its own, else it is that of its input. */
  readonly outputs: boolean
  /** In the order of the file. */
  readonly tensors: (sizes: Sizes) => readonly TensorRule[]
}

const signs = (bits: number): TensorRule => ({ name: 'signs', type: 'Uint8Array', length: Math.ceil(bits / 8), bits })
const thresholds = (length: number): TensorRule => ({ name: 'thresholds', type: 'Int16Array', length })
const floats = (name: string, length: number): TensorRule => ({ name, type: 'Float32Array', length })

const pooling: Rule = {
  reads: 'float',
  many: false,
  windowed: true,
  outputs: false,
  tensors: ({ inputs }) => [floats('scale', inputs)],
}

/** In the order of their codes in a file. */
export const termRules: Readonly<Record<TermKind, Rule>> = {
  'binary-convolution': {
    reads: 'bits',
    many: true,
    windowed: true,
    outputs: true,
    tensors: ({ taps, inputs, outputs }) => [signs(taps * inputs * outputs), floats('scale', outputs)],
  },
  convolution: {
    reads: 'float',
    many: true,
    windowed: true,
    outputs: true,
    tensors: ({ taps, inputs, outputs }) => [floats('filters', taps * inputs * outputs)],
  },
  'max-pooling': pooling,
  'average-pooling': pooling,
  identity: { reads: 'float', many: false, windowed: false, outputs: false, tensors: () => [] },
}

/** A sum's own tensor; what it reads, its terms say. */
export const sumTensors = (channels: number): readonly TensorRule[] => [floats('bias', channels)]

/** All kinds but the sum. */
export const stepRules: Readonly<Record<Exclude<StepKind, 'sum'>, Rule>> = {
  sign: { reads: 'float', many: false, windowed: false, outputs: false, tensors: () => [] },
  prelu: {
    reads: 'float',
    many: false,
    windowed: false,
    outputs: false,
    tensors: ({ inputs }) => [floats('slope', inputs)],
  },
  'binary-convolution': {
    reads: 'bits',
    many: true,
    windowed: true,
    outputs: true,
    tensors: ({ taps, inputs, outputs }) => [signs(taps * inputs * outputs), thresholds(outputs)],
  },
  'binary-depthwise': {
    reads: 'bits',
    many: false,
    windowed: true,
    outputs: false,
    tensors: ({ taps, inputs }) => [signs(taps * inputs), thresholds(inputs)],
  },
  classifier: {
    reads: 'float',
    many: true,
    windowed: false,
    outputs: true,
    tensors: ({ inputs, outputs }) => [floats('weights', inputs * outputs), floats('bias', outputs)],
  },
}

/** What a program may not exceed: so every number fits its field of the file and no product overflows. */
export const limits = {
  /** Pixels of a map in each direction, its channels. */
  number: 65_535,
  steps: 65_535,
  /** Numbers in one map. */
  map: 2 ** 24,
  /** Numbers in all maps of a program. */
  maps: 2 ** 27,
  /** Inputs of a step or a term, terms of a sum. */
  list: 255,
  windowSize: 127,
  stride: 16,
  dilation: 32,
  /** Products that a binary sum adds up; so it fits 16 bits and the outermost thresholds mean always and never. */
  products: 32_766,
} as const
