import { fail } from './errors.js'
import type { ImageSize, Step, Term, Value, Window } from './program.js'
import {
  limits,
  type Rule,
  type StepKind,
  stepRules,
  sumTensors,
  type TensorRule,
  type TermKind,
  termRules,
} from './rules.js'

/** Kind and size of a value. */
export interface ValueShape {
  readonly kind: 'float' | 'bits'
  readonly height: number
  readonly width: number
  readonly channels: number
}

interface Operation<Kind> {
  readonly kind: Kind
  readonly inputs: readonly Value[]
  readonly window?: Window
  /** Channels of its own. */
  readonly outputs?: number
}

/** A term without its tensors. */
export interface TermOutline extends Operation<TermKind> {
  readonly relu?: boolean
  readonly channel?: number
}

/** A step without its tensors: what the records of a file hold, and all that shapes depend on. */
export type StepOutline =
  | Operation<Exclude<StepKind, 'sum'>>
  | {
      readonly kind: 'sum'
      readonly height: number
      readonly width: number
      readonly outputs: number
      readonly terms: readonly TermOutline[]
    }

const inputsOf = (operation: Exclude<Step, { kind: 'sum' }> | Term): readonly Value[] =>
  'inputs' in operation ? operation.inputs : [operation.input]

const termOutline = (term: Term): TermOutline => ({
  kind: term.kind,
  inputs: inputsOf(term),
  ...('window' in term && { window: term.window }),
  ...(term.kind === 'binary-convolution' && { outputs: term.scale.length, channel: term.channel }),
  ...(term.kind === 'convolution' && { outputs: term.outputs, channel: term.channel, relu: term.relu }),
})

export const outlineOf = (step: Step): StepOutline => {
  if (step.kind === 'sum') {
    const { kind, height, width, terms, bias } = step
    return { kind, height, width, outputs: bias.length, terms: terms.map(termOutline) }
  }
  return {
    kind: step.kind,
    inputs: inputsOf(step),
    ...('window' in step && { window: step.window }),
    ...(step.kind === 'binary-convolution' && { outputs: step.thresholds.length }),
    ...(step.kind === 'classifier' && { outputs: step.bias.length }),
  }
}

/** A shape, and the tensors that the step has: its own, then each term's. */
export interface Inferred {
  readonly shape: ValueShape
  readonly tensors: readonly (readonly TensorRule[])[]
}

const within = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most

const sized = (shape: ValueShape, where: string): ValueShape => {
  const { height, width, channels } = shape
  for (const [name, value] of Object.entries({ height, width, channels }))
    if (!within(value, 1, limits.number))
      fail('WrongSize', `${where}: the ${name} of a map is ${value}, but must be an integer from 1 to ${limits.number}`)
  if (height * width * channels > limits.map)
    fail('TooLarge', `${where}: a map of ${height}x${width}x${channels} has more than ${limits.map} numbers`)
  return shape
}

export const imageShape = ({ height, width, channels }: ImageSize): ValueShape => {
  for (const [name, value] of Object.entries({ height, width, channels }))
    if (!within(value, 1, limits.number))
      fail('WrongImageSize', `image: its ${name} is ${value}, but must be an integer from 1 to ${limits.number}`)
  return sized({ kind: 'float', height, width, channels }, 'image')
}

const checkWindow = ({ size, stride, dilation, shift }: Window, pooling: boolean, where: string): void => {
  const wrong = (what: string) => fail('WrongWindow', `${where}: its window's ${what}`)
  if (!within(size, 1, limits.windowSize) || size % 2 === 0)
    wrong(`size is ${size}, but must be odd, from 1 to ${limits.windowSize}`)
  if (!within(stride, 1, limits.stride)) wrong(`stride is ${stride}, but must be from 1 to ${limits.stride}`)
  if (!within(dilation, 1, limits.dilation)) wrong(`dilation is ${dilation}, but must be from 1 to ${limits.dilation}`)
  // A shifted pooling window could have no pixel inside the map, whose largest there is not.
  if (!within(shift, 0, pooling ? 0 : 1))
    wrong(`shift is ${shift}, but must be ${pooling ? '0 where it pools' : '0 or 1'}`)
}

/** The inputs as one map, whose channels are theirs in turn. */
const joined = (
  shapes: readonly ValueShape[],
  inputs: readonly Value[],
  { reads }: Rule,
  oneSize: boolean,
  where: string,
): ValueShape => {
  if (inputs.length === 0) fail('WrongInputs', `${where}: reads no value, but needs one`)
  if (inputs.length > limits.list) fail('TooLarge', `${where}: reads ${inputs.length} values, more than ${limits.list}`)
  const read = inputs.map(input => {
    const shape = shapes[input]
    if (shape === undefined)
      return fail(
        'MissingValue',
        `${where}: reads value ${input}, but before it there are values 0 to ${shapes.length - 1}`,
      )
    if (shape.kind !== reads)
      fail('WrongKind', `${where}: reads value ${input} as ${reads}, but that is a map of ${shape.kind}`)
    return shape
  })
  const first = read[0]!
  const odd = read.findIndex(({ height, width }) => height !== first.height || width !== first.width)
  if (oneSize && odd > 0) {
    const { height, width } = read[odd]!
    fail(
      'WrongSize',
      `${where}: reads value ${inputs[odd]} of ${height}x${width} beside value ${inputs[0]} of ${first.height}x${first.width}; sizes must be equal`,
    )
  }
  const channels = read.reduce((sum, shape) => sum + shape.channels, 0)
  if (channels > limits.number) fail('TooLarge', `${where}: reads ${channels} channels, more than ${limits.number}`)
  return { ...first, channels }
}

/** What an operation with a rule makes of its inputs. */
const apply = (
  shapes: readonly ValueShape[],
  { kind, inputs, window, outputs }: Operation<string>,
  rule: Rule,
  where: string,
): Omit<ValueShape, 'kind'> & { readonly tensors: readonly TensorRule[] } => {
  const input = joined(shapes, inputs, rule, kind !== 'classifier', where)
  if (window) checkWindow(window, kind.endsWith('pooling'), where)
  const stride = window?.stride ?? 1
  const taps = window ? window.size ** 2 : 1
  const channels = rule.outputs ? outputs! : input.channels
  if (!within(channels, 1, limits.number))
    fail('WrongChannels', `${where}: makes ${channels} channels, but must make 1 to ${limits.number}`)
  const products = kind === 'binary-depthwise' ? taps : taps * input.channels
  if (rule.reads === 'bits' && products > limits.products)
    fail('TooLarge', `${where}: adds up ${products} products, more than the ${limits.products} that fit 16 bits`)
  return {
    height: Math.ceil(input.height / stride),
    width: Math.ceil(input.width / stride),
    channels,
    tensors: rule.tensors({ taps, inputs: input.channels, outputs: channels }),
  }
}

const inferTerm = (shapes: readonly ValueShape[], term: TermOutline, sum: ValueShape, where: string) => {
  const rule = termRules[term.kind] ?? fail('UnknownTerm', `${where}: there is no term of this kind`)
  const { height, width, channels, tensors } = apply(shapes, term, rule, where)
  if (height !== sum.height || width !== sum.width)
    fail('WrongSize', `${where}: makes a map of ${height}x${width}, but its sum is one of ${sum.height}x${sum.width}`)
  if (rule.outputs) {
    const channel = term.channel!
    if (!within(channel, 0, sum.channels - channels))
      fail(
        'WrongChannels',
        `${where}: adds ${channels} channels from channel ${channel} on, but its sum has ${sum.channels}`,
      )
  } else if (channels !== sum.channels)
    fail('WrongChannels', `${where}: adds ${channels} channels, but its sum has ${sum.channels}`)
  return tensors
}

/** Names a step in a message. */
export const stepName = (index: number, kind: string): string => `step ${index} (${kind})`

/** Names a term in a message. */
export const termName = (step: string, index: number, kind: string): string => `${step}, term ${index} (${kind})`

/** Shape and tensors of step `index` after values of these shapes; fails if there can be no such step. */
export const inferStep = (shapes: readonly ValueShape[], step: StepOutline, index: number): Inferred => {
  const where = stepName(index, step.kind)
  if (step.kind === 'sum') {
    const { height, width, outputs, terms } = step
    const shape = sized({ kind: 'float', height, width, channels: outputs }, where)
    if (terms.length > limits.list) fail('TooLarge', `${where}: has ${terms.length} terms, more than ${limits.list}`)
    return {
      shape,
      tensors: [
        sumTensors(outputs),
        ...terms.map((term, i) => inferTerm(shapes, term, shape, termName(where, i, term.kind))),
      ],
    }
  }
  const rule = stepRules[step.kind] ?? fail('UnknownStep', `${where}: there is no step of this kind`)
  const { tensors, ...size } = apply(shapes, step, rule, where)
  const shape: ValueShape =
    step.kind === 'classifier'
      ? { kind: 'float', height: 1, width: 1, channels: size.channels }
      : { kind: step.kind === 'prelu' ? 'float' : 'bits', ...size }
  return { shape: sized(shape, where), tensors: [tensors] }
}
