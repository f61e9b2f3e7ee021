import type { PackedModel, Program, Step, Term, Window } from '@cpnas/packed'
import fc from 'fast-check'

interface Shape {
  readonly kind: 'float' | 'bits'
  readonly height: number
  readonly width: number
  readonly channels: number
}

type Draw = fc.GeneratorValue

const integer = (draw: Draw, min: number, max: number): number => draw(fc.integer, { min, max })
const pick = <T>(draw: Draw, from: readonly T[]): T => from[integer(draw, 0, from.length - 1)]!

/** `length` integers from 0 to `max`: drawn one by one while they are few, so that they shrink; else hashes of one that is drawn. */
const integers = (draw: Draw, length: number, max: number): readonly number[] => {
  if (length <= 32) return draw(() => fc.array(fc.nat({ max }), { minLength: length, maxLength: length, size: 'max' }))
  const seed = integer(draw, 0, 2 ** 31 - 1)
  return Array.from({ length }, (_, i) => {
    const mixed = Math.imul(seed + Math.imul(i, 0x9e3779b9), 0x85ebca6b)
    return (Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35) >>> 8) % (max + 1)
  })
}

/** Single-precision numbers around 0, exactly 0 among them. */
const numbers = (draw: Draw, length: number): Float32Array =>
  Float32Array.from(integers(draw, length, 24), n => (n - 12) / 8)

const signs = (draw: Draw, count: number): Uint8Array => {
  const length = Math.ceil(count / 8)
  const used = count % 8
  return Uint8Array.from(integers(draw, length, 255), (byte, i) =>
    used > 0 && i === length - 1 ? byte & (2 ** used - 1) : byte,
  )
}

/** Sizes of maps: mostly few pixels, at times more than a vector of the machine. */
const side = (draw: Draw): number => integer(draw, 1, pick(draw, [3, 6, 6, 19]))

/** Mostly few channels, at times some around the widths of machine words. */
const channelCount = (draw: Draw): number => integer(draw, 1, pick(draw, [3, 9, 9, 9, 17, 34, 70]))

const thresholds = (draw: Draw, length: number): Int16Array =>
  Int16Array.from({ length }, () => pick(draw, [-32768, 32767, -2, -1, 0, 1, 2, 3, integer(draw, -9, 9)]))

const windowOf = (draw: Draw, stride: number, shiftable: boolean): Window => ({
  size: pick(draw, [1, 3, 5]),
  stride,
  dilation: pick(draw, [1, 1, 2]),
  shift: shiftable && integer(draw, 0, 3) === 0 ? 1 : 0,
})

const windowed = (size: number, stride: number): number => Math.ceil(size / stride)

/** The values of a kind, by number. */
const ofKind = (shapes: readonly Shape[], kind: Shape['kind']): readonly number[] =>
  shapes.flatMap((shape, value) => (shape.kind === kind ? [value] : []))

/** A value and up to two others of its kind and size. */
const beside = (draw: Draw, shapes: readonly Shape[], first: number): readonly number[] => {
  const { kind, height, width } = shapes[first]!
  const others = ofKind(shapes, kind).filter(v => shapes[v]!.height === height && shapes[v]!.width === width)
  return [first, ...Array.from({ length: integer(draw, 0, 2) }, () => pick(draw, others))]
}

const channelsOf = (shapes: readonly Shape[], inputs: readonly number[]): number =>
  inputs.reduce((sum, input) => sum + shapes[input]!.channels, 0)

const term = (
  draw: Draw,
  shapes: readonly Shape[],
  [value, stride]: readonly [number, number],
  channels: number,
): readonly Term[] => {
  const { kind, channels: own } = shapes[value]!
  const channel = integer(draw, 0, channels - 1)
  const outputs = integer(draw, 1, channels - channel)
  const inputs = beside(draw, shapes, value)
  const window = windowOf(draw, stride, true)
  const weights = window.size ** 2 * channelsOf(shapes, inputs) * outputs
  if (kind === 'bits')
    return [
      {
        kind: 'binary-convolution',
        inputs,
        window,
        signs: signs(draw, weights),
        scale: numbers(draw, outputs),
        channel,
      },
    ]
  const convolution: Term = {
    kind: 'convolution',
    inputs,
    window,
    relu: integer(draw, 0, 1) === 1,
    filters: numbers(draw, weights),
    outputs,
    channel,
  }
  if (own !== channels) return [convolution]
  const pooling = (name: 'max-pooling' | 'average-pooling'): Term => ({
    kind: name,
    input: value,
    window: windowOf(draw, stride, false),
    scale: numbers(draw, own),
  })
  const choices = [convolution, pooling('max-pooling'), pooling('average-pooling')]
  return [pick(draw, stride === 1 ? [...choices, { kind: 'identity', input: value }] : choices)]
}

const sum = (draw: Draw, shapes: readonly Shape[]): readonly [Step, Shape] => {
  const all = shapes.flatMap((_, value) => [1, 2].map(stride => [value, stride] as const))
  const [first, step] = pick(draw, all)
  const height = windowed(shapes[first]!.height, step)
  const width = windowed(shapes[first]!.width, step)
  const fitting = all.filter(
    ([value, stride]) =>
      windowed(shapes[value]!.height, stride) === height && windowed(shapes[value]!.width, stride) === width,
  )
  const channels = integer(draw, 0, 1) === 0 ? shapes[first]!.channels : channelCount(draw)
  const terms = Array.from({ length: integer(draw, 0, 3) }, () => term(draw, shapes, pick(draw, fitting), channels))
  return [
    { kind: 'sum', height, width, terms: terms.flat(), bias: numbers(draw, channels) },
    { kind: 'float', height, width, channels },
  ]
}

const step = (draw: Draw, shapes: readonly Shape[]): readonly [Step, Shape] => {
  const bits = ofKind(shapes, 'bits')
  const kinds = ['sum', 'sum', 'sign', 'prelu', ...(bits.length > 0 ? ['convolution', 'depthwise'] : [])]
  switch (pick(draw, kinds)) {
    case 'sign': {
      const input = pick(draw, ofKind(shapes, 'float'))
      return [
        { kind: 'sign', input },
        { ...shapes[input]!, kind: 'bits' },
      ]
    }
    case 'prelu': {
      const input = pick(draw, ofKind(shapes, 'float'))
      return [{ kind: 'prelu', input, slope: numbers(draw, shapes[input]!.channels) }, shapes[input]!]
    }
    case 'convolution': {
      const inputs = beside(draw, shapes, pick(draw, bits))
      const outputs = channelCount(draw)
      const window = windowOf(draw, integer(draw, 1, 2), true)
      const { height, width } = shapes[inputs[0]!]!
      return [
        {
          kind: 'binary-convolution',
          inputs,
          window,
          signs: signs(draw, window.size ** 2 * channelsOf(shapes, inputs) * outputs),
          thresholds: thresholds(draw, outputs),
        },
        {
          kind: 'bits',
          height: windowed(height, window.stride),
          width: windowed(width, window.stride),
          channels: outputs,
        },
      ]
    }
    case 'depthwise': {
      const input = pick(draw, bits)
      const window = windowOf(draw, integer(draw, 1, 2), true)
      const { height, width, channels } = shapes[input]!
      return [
        {
          kind: 'binary-depthwise',
          input,
          window,
          signs: signs(draw, window.size ** 2 * channels),
          thresholds: thresholds(draw, channels),
        },
        { kind: 'bits', height: windowed(height, window.stride), width: windowed(width, window.stride), channels },
      ]
    }
    default:
      return sum(draw, shapes)
  }
}

const classifier = (draw: Draw, shapes: readonly Shape[]): Step => {
  const inputs = Array.from({ length: integer(draw, 1, 3) }, () => pick(draw, ofKind(shapes, 'float')))
  const classes = integer(draw, 1, 4)
  return {
    kind: 'classifier',
    inputs,
    weights: numbers(draw, channelsOf(shapes, inputs) * classes),
    bias: numbers(draw, classes),
  }
}

/** Small programs of every kind of step and term, of a single step up to 10; sizes odd and even, 1 to 70 channels. */
export const programs: fc.Arbitrary<Program> = fc.gen().map(draw => {
  const image = { height: side(draw), width: side(draw), channels: channelCount(draw) }
  const shapes: Shape[] = [{ kind: 'float', ...image }]
  const steps: Step[] = []
  const add = ([next, shape]: readonly [Step, Shape]): void => {
    steps.push(next)
    shapes.push(shape)
  }
  // Of bits from the start on, so that single steps are also of the kinds that read bits.
  if (draw(fc.boolean))
    add([
      { kind: 'sign', input: 0 },
      { ...shapes[0]!, kind: 'bits' },
    ])
  const count = pick(draw, [0, 1, 1, 1, 2, 4, 8])
  for (let i = 0; i < count; i++) add(step(draw, shapes))
  return { image, steps: [...steps, classifier(draw, shapes)] }
})

const text = fc.string({ unit: 'grapheme', maxLength: 8 })

const metadataOf = ({ image, steps }: Program): fc.Arbitrary<PackedModel['metadata']> => {
  const last = steps.at(-1)!
  const classes = last.kind === 'classifier' ? last.bias.length : 0
  const { channels } = image
  // JSON knows no -0.
  const each = (length: number, min: number) =>
    fc.array(
      fc.double({ min, max: 2, noNaN: true }).map(x => x + 0),
      { minLength: length, maxLength: length },
    )
  return fc.record(
    {
      classes: fc.array(text, { minLength: classes, maxLength: classes }),
      normalization: fc.record({ mean: each(channels, -2), std: each(channels, 0.01) }),
      genotype: fc.record({ normal: fc.array(text, { maxLength: 3 }), reduce: fc.array(text, { maxLength: 3 }) }),
      source: text,
      madeBy: text,
      licence: text,
      trainedOn: fc.record(
        { dataset: text, digest: text, shortSide: fc.integer({ min: 1, max: 500 }) },
        { requiredKeys: ['dataset', 'digest'] },
      ),
    },
    { requiredKeys: ['classes', 'normalization'] },
  )
}

/** Such programs with what they say of themselves. */
export const models: fc.Arbitrary<PackedModel> = programs.chain(one =>
  metadataOf(one).map(metadata => ({ metadata, program: one })),
)

/** Images of a program's size, [count, height, width, channels]. */
export const images = ({ image }: Program, count: number): fc.Arbitrary<Float32Array> =>
  fc.gen().map(draw => numbers(draw, count * image.height * image.width * image.channels))

/** Models with images for them. */
export const cases = (count: number): fc.Arbitrary<readonly [PackedModel, Float32Array]> =>
  models.chain(model => fc.tuple(fc.constant(model), images(model.program, count)))
