import { check, interpret, type Program, type Step, type Term, type Window } from '@cpnas/packed'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { images, programs } from './support/programs.js'

const plain: Window = { size: 1, stride: 1, dilation: 1, shift: 0 }
const classifier = (input: number, channels: number): Step => ({
  kind: 'classifier',
  inputs: [input],
  weights: new Float32Array(channels).fill(1),
  bias: new Float32Array([0]),
})
const of = (height: number, width: number, channels: number, ...steps: readonly Step[]): Program => ({
  image: { height, width, channels },
  steps,
})
const summed = (height: number, width: number, channels: number, ...terms: readonly Term[]): Step => ({
  kind: 'sum',
  height,
  width,
  terms,
  bias: new Float32Array(channels),
})
/** Value `n` of a program that ends with a classifier of its value `n`, of `channels` channels. */
const value = (
  n: number,
  channels: number,
  image: readonly [number, number, number],
  steps: readonly Step[],
  x: readonly number[],
) => Array.from(interpret(of(...image, ...steps, classifier(n, channels)), x).values[n]!)

it('a sign is set at 0, also at -0, and not below', () => {
  const { values } = interpret(
    of(1, 4, 1, { kind: 'sign', input: 0 }, summed(1, 1, 1), classifier(2, 1)),
    [0, -0, -1e-30, 2],
  )
  expect([...values[1]!]).toEqual([1, 1, 0, 1])
})

it('a binary convolution adds up products of signs; what lies outside adds nothing', () => {
  const term: Term = {
    kind: 'binary-convolution',
    inputs: [1],
    window: { size: 3, stride: 1, dilation: 1, shift: 0 },
    // Taps of the middle row are 3, 4, 5: set, set, clear.
    signs: Uint8Array.of(0b0001_1000, 0),
    scale: Float32Array.of(0.5),
    channel: 0,
  }
  const steps: readonly Step[] = [{ kind: 'sign', input: 0 }, summed(1, 3, 1, term)]
  // Pixels x = + - +: x0 - x1 = 2, x0 + x1 - x2 = -1, x1 + x2 = 0.
  expect(value(2, 1, [1, 3, 1], steps, [1, -1, 1])).toEqual([1, -0.5, 0])
})

it('a threshold is met by its equal', () => {
  const step: Step = {
    kind: 'binary-convolution',
    inputs: [1],
    window: plain,
    // [2 inputs][5 outputs]: ++-++ and +--++, so sums 2, 0, -2, 2, 2.
    signs: Uint8Array.of(0b0011_1011, 0b11),
    thresholds: Int16Array.of(2, 1, -2, 32767, -32768),
  }
  const { values } = interpret(of(1, 1, 2, { kind: 'sign', input: 0 }, step, classifier(0, 2)), [1, 1])
  expect([...values[2]!]).toEqual([1, 0, 1, 0, 1])
})

it('stride, dilation and shift move the taps as the window says', () => {
  const convolution = (window: Window, filters: readonly number[]): Term => ({
    kind: 'convolution',
    inputs: [0],
    window,
    relu: false,
    filters: Float32Array.from(filters),
    outputs: 1,
    channel: 0,
  })
  const row = [1, 10, 100, 1000, 10000]
  const middle = [0, 0, 0, 1, 2, 3, 0, 0, 0]
  const filtered = (window: Window, filters: readonly number[]) =>
    value(1, 1, [1, 5, 1], [summed(1, Math.ceil(5 / window.stride), 1, convolution(window, filters))], row)
  expect(filtered({ size: 3, stride: 2, dilation: 1, shift: 0 }, middle)).toEqual([32, 3210, 21000])
  expect(filtered({ size: 3, stride: 1, dilation: 2, shift: 0 }, middle)).toEqual([302, 3020, 30201, 2010, 20100])
  expect(filtered({ size: 1, stride: 2, dilation: 1, shift: 0 }, [1])).toEqual([1, 100, 10000])
  // The odd pixels; row and column 1, 3 and the missing 5, so in a single row nothing.
  const odd = { size: 1, stride: 2, dilation: 1, shift: 1 } as const
  expect(filtered(odd, [1])).toEqual([0, 0, 0])
  expect(value(1, 1, [2, 3, 1], [summed(1, 2, 1, convolution(odd, [1]))], [1, 2, 3, 4, 5, 6])).toEqual([5, 0])
})

it('a depthwise convolution keeps channels apart', () => {
  const step: Step = {
    kind: 'binary-depthwise',
    input: 1,
    window: { size: 3, stride: 1, dilation: 1, shift: 0 },
    // Taps 3, 4, 5 of channel 0 all set, of channel 1 only tap 4: bits 2 * tap + channel.
    signs: Uint8Array.of(0b0100_0000, 0b0000_0111, 0),
    thresholds: Int16Array.of(2, 0),
  }
  const steps: readonly Step[] = [{ kind: 'sign', input: 0 }, step]
  // Channel 0, + + - under + + +, gives 2, 1, 0; channel 1, - + + under - + -, gives -2, 1, 0.
  const { values } = interpret(of(1, 3, 2, ...steps, classifier(0, 2)), [1, -1, 1, 1, -1, 1])
  expect([...values[2]!]).toEqual([1, 0, 0, 1, 0, 1])
})

it('pooling leaves out what lies outside: of the largest, and of the count of the mean', () => {
  const pooling = (kind: 'max-pooling' | 'average-pooling', stride: number): Step =>
    summed(2 / stride, 2 / stride, 1, {
      kind,
      input: 0,
      window: { size: 3, stride, dilation: 1, shift: 0 },
      scale: Float32Array.of(-2),
    })
  const x = [-1, -2, -3, -6]
  expect(value(1, 1, [2, 2, 1], [pooling('max-pooling', 1)], x)).toEqual([2, 2, 2, 2])
  expect(value(1, 1, [2, 2, 1], [pooling('average-pooling', 2)], x)).toEqual([6])
})

it('a sum adds bias, relu convolutions from their channel on, and maps as they are', () => {
  const step: Step = {
    kind: 'sum',
    height: 1,
    width: 1,
    bias: Float32Array.of(0.5, 0.25),
    terms: [
      {
        kind: 'convolution',
        inputs: [0, 0],
        window: plain,
        relu: true,
        filters: Float32Array.of(1, 2, 4, 8),
        outputs: 1,
        channel: 1,
      },
      { kind: 'identity', input: 0 },
    ],
  }
  // relu of (3, -1, 3, -1) times (1, 2, 4, 8) = 15
  expect(value(1, 2, [1, 1, 2], [step], [3, -1])).toEqual([3.5, 14.25])
})

it('prelu keeps what is at least 0 and scales the rest by its channel', () => {
  const step: Step = { kind: 'prelu', input: 0, slope: Float32Array.of(0.5, -1) }
  expect(value(1, 2, [1, 2, 2], [step], [-4, -4, 4, 4])).toEqual([-2, 4, 4, 4])
})

it('scores are the means over pixels times weights plus bias', () => {
  const { scores } = interpret(
    of(1, 2, 2, {
      kind: 'classifier',
      inputs: [0, 0],
      weights: Float32Array.of(1, 0, 0, 1, 10, 0, 0, 0.5),
      bias: Float32Array.of(-1, 1),
    }),
    [1, 2, 3, 6],
  )
  // Means 2 and 4, twice.
  expect([...scores]).toEqual([2 + 20 - 1, 4 + 2 + 1])
})

it('every value is as long as its checked shape says', () => {
  const scene = programs.chain(one => images(one, 1).map(image => [one, image] as const))
  fc.assert(
    fc.property(scene, ([one, image]) => {
      const shapes = check(one)
      if (shapes._tag === 'Left') throw new Error(shapes.left.message)
      const { values, scores } = interpret(one, image)
      expect(values.map(v => v.length)).toEqual(
        shapes.right.map(({ height, width, channels }) => height * width * channels),
      )
      expect(values.map(v => (v instanceof Uint8Array ? 'bits' : 'float'))).toEqual(
        shapes.right.map(({ kind }) => kind),
      )
      expect(values.at(-1)).toBe(scores)
      expect(scores.every(Number.isFinite)).toBe(true)
    }),
  )
})

it('an image of another size is refused', () => {
  expect(() => interpret(of(2, 2, 1, classifier(0, 1)), [1, 2, 3])).toThrow(
    'interpret: the image has 3 numbers, but 2x2x1 are needed',
  )
  expect(() => interpret(of(2, 2, 1), [1, 2, 3, 4])).toThrow(RangeError)
})
