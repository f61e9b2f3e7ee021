import { verified } from './check.js'
import { demand } from './errors.js'
import type { ValueShape } from './outline.js'
import type { Program, Signs, Step, SumStep, Term, Value, Window } from './program.js'

/** What a program makes of an image. */
export interface Interpretation {
  /** Value i of the program at position i, row-major [height, width, channels]; of a bit map, 1 where a bit is set, else 0. */
  readonly values: readonly (Float64Array | Uint8Array)[]
  /** The last value, [classes]. */
  readonly scores: Float64Array
}

/** A map of numbers; of bits, +1 and -1. */
interface NumberMap {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly values: Float64Array
}

const signAt = (signs: Signs, index: number): number => ((signs[index >> 3]! >> (index & 7)) & 1 ? 1 : -1)

const unpacked = (signs: Signs, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => signAt(signs, index))

/** Calls `f` with every tap of the window that meets a pixel inside of the map, and with that pixel. */
const forEachTap = (
  { size, stride, dilation, shift }: Window,
  { height, width }: NumberMap,
  y: number,
  x: number,
  f: (tap: number, pixel: number) => void,
): void => {
  const middle = (size - 1) / 2
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const row = y * stride + shift + dilation * (i - middle)
      const column = x * stride + shift + dilation * (j - middle)
      if (row >= 0 && row < height && column >= 0 && column < width) f(i * size + j, row * width + column)
    }
  }
}

/** The map whose pixel (y, x) is what `f` makes of the taps of the window there. */
const slide = (
  window: Window,
  map: NumberMap,
  channels: number,
  f: (output: Float64Array, taps: (g: (tap: number, pixel: number) => void) => void) => void,
): NumberMap => {
  const height = Math.ceil(map.height / window.stride)
  const width = Math.ceil(map.width / window.stride)
  const values = new Float64Array(height * width * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const first = (y * width + x) * channels
      f(values.subarray(first, first + channels), g => forEachTap(window, map, y, x, g))
    }
  }
  return { height, width, channels, values }
}

/** output[o] = sum over taps t inside and channels c of input[pixel of t][c] * filters[t][c][o]. */
const convolve = (map: NumberMap, window: Window, filters: ArrayLike<number>, outputs: number): NumberMap =>
  slide(window, map, outputs, (output, taps) =>
    taps((tap, pixel) => {
      for (let c = 0; c < map.channels; c++) {
        const input = map.values[pixel * map.channels + c]!
        const row = (tap * map.channels + c) * outputs
        for (let o = 0; o < outputs; o++) output[o]! += input * filters[row + o]!
      }
    }),
  )

/** output[c] = sum over taps t inside of input[pixel of t][c] * filters[t][c]. */
const convolveDepthwise = (map: NumberMap, window: Window, filters: ArrayLike<number>): NumberMap =>
  slide(window, map, map.channels, (output, taps) =>
    taps((tap, pixel) => {
      for (let c = 0; c < map.channels; c++)
        output[c]! += map.values[pixel * map.channels + c]! * filters[tap * map.channels + c]!
    }),
  )

/** output[c] = max over taps t inside of input[pixel of t][c]. */
const maxPool = (map: NumberMap, window: Window): NumberMap =>
  slide(window, map, map.channels, (output, taps) => {
    output.fill(Number.NEGATIVE_INFINITY)
    taps((_, pixel) => {
      for (let c = 0; c < map.channels; c++) output[c] = Math.max(output[c]!, map.values[pixel * map.channels + c]!)
    })
  })

/** output[c] = mean over taps t inside of input[pixel of t][c]. */
const averagePool = (map: NumberMap, window: Window): NumberMap =>
  slide(window, map, map.channels, (output, taps) => {
    let count = 0
    taps((_, pixel) => {
      count++
      for (let c = 0; c < map.channels; c++) output[c]! += map.values[pixel * map.channels + c]!
    })
    for (let c = 0; c < map.channels; c++) output[c]! /= count
  })

const each = (map: NumberMap, f: (value: number, channel: number) => number): NumberMap => ({
  ...map,
  values: map.values.map((value, i) => f(value, i % map.channels)),
})

/** One map whose channels are those of the maps in turn. */
const join = (maps: readonly NumberMap[]): NumberMap => {
  const { height, width } = maps[0]!
  const channels = maps.reduce((sum, map) => sum + map.channels, 0)
  const values = new Float64Array(height * width * channels)
  let first = 0
  for (const map of maps) {
    for (let pixel = 0; pixel < height * width; pixel++)
      for (let c = 0; c < map.channels; c++)
        values[pixel * channels + first + c] = map.values[pixel * map.channels + c]!
    first += map.channels
  }
  return { height, width, channels, values }
}

/** A term's map, and the channel of the sum that it begins at. */
const termMap = (term: Term, read: (values: readonly Value[]) => NumberMap): readonly [NumberMap, number] => {
  switch (term.kind) {
    case 'binary-convolution': {
      const { inputs, window, signs, scale, channel } = term
      const map = read(inputs)
      const filters = unpacked(signs, window.size ** 2 * map.channels * scale.length)
      return [each(convolve(map, window, filters, scale.length), (sum, o) => sum * scale[o]!), channel]
    }
    case 'convolution': {
      const { inputs, window, relu, filters, outputs, channel } = term
      const map = read(inputs)
      return [convolve(relu ? each(map, x => Math.max(0, x)) : map, window, filters, outputs), channel]
    }
    case 'max-pooling':
      return [each(maxPool(read([term.input]), term.window), (x, c) => x * term.scale[c]!), 0]
    case 'average-pooling':
      return [each(averagePool(read([term.input]), term.window), (x, c) => x * term.scale[c]!), 0]
    case 'identity':
      return [read([term.input]), 0]
  }
}

/** output = bias + each term, from its channel on, in the order of the terms. */
const sum = ({ height, width, bias, terms }: SumStep, read: (values: readonly Value[]) => NumberMap): NumberMap => {
  const channels = bias.length
  const values = Float64Array.from({ length: height * width * channels }, (_, i) => bias[i % channels]!)
  for (const term of terms) {
    const [map, channel] = termMap(term, read)
    for (let pixel = 0; pixel < height * width; pixel++)
      for (let c = 0; c < map.channels; c++)
        values[pixel * channels + channel + c]! += map.values[pixel * map.channels + c]!
  }
  return { height, width, channels, values }
}

const mean = ({ height, width, channels, values }: NumberMap): readonly number[] =>
  Array.from({ length: channels }, (_, c) => {
    let total = 0
    for (let pixel = 0; pixel < height * width; pixel++) total += values[pixel * channels + c]!
    return total / (height * width)
  })

const bitsOf = (map: NumberMap, set: (value: number, channel: number) => boolean): Uint8Array =>
  Uint8Array.from(map.values, (value, i) => (set(value, i % map.channels) ? 1 : 0))

const execute = (step: Step, read: (values: readonly Value[]) => NumberMap): Float64Array | Uint8Array => {
  switch (step.kind) {
    case 'sum':
      return sum(step, read).values
    case 'sign':
      return bitsOf(read([step.input]), x => x >= 0)
    case 'prelu':
      return each(read([step.input]), (x, c) => (x >= 0 ? x : step.slope[c]! * x)).values
    case 'binary-convolution': {
      const { inputs, window, signs, thresholds } = step
      const map = read(inputs)
      const filters = unpacked(signs, window.size ** 2 * map.channels * thresholds.length)
      return bitsOf(convolve(map, window, filters, thresholds.length), (total, o) => total >= thresholds[o]!)
    }
    case 'binary-depthwise': {
      const { input, window, signs, thresholds } = step
      const map = read([input])
      const filters = unpacked(signs, window.size ** 2 * map.channels)
      return bitsOf(convolveDepthwise(map, window, filters), (total, c) => total >= thresholds[c]!)
    }
    case 'classifier': {
      const { inputs, weights, bias } = step
      const features = inputs.flatMap(input => mean(read([input])))
      return Float64Array.from(bias, (start, k) =>
        features.reduce((total, feature, f) => total + feature * weights[f * bias.length + k]!, start),
      )
    }
  }
}

const numbers = ({ kind, height, width, channels }: ValueShape, values: Float64Array | Uint8Array): NumberMap => ({
  height,
  width,
  channels,
  values: kind === 'bits' ? Float64Array.from(values, bit => 2 * bit - 1) : (values as Float64Array),
})

/**
 * Runs a program by plain loops in float64: what every faster engine is held to, and what runs where there is no WebAssembly.
 * With W the taps (i, j) of a window, p(y, x, i, j) the pixel that a tap meets (see `Window`) and sums over those pixels alone
 * that lie inside of the map, x the inputs side by side (a bit being +1 or -1):
 *
 * - sum: bias[o] + the terms
 *   - binary-convolution: scale[o] * sum over W, c of x[p][c] * signs[i][j][c][o]
 *   - convolution: sum over W, c of x[p][c] * filters[i][j][c][o]; with relu of max(0, x)
 *   - max-pooling, average-pooling: scale[c] * the largest, the mean of x[p][c] over W
 *   - identity: x
 * - sign: x >= 0
 * - prelu: x where x >= 0, else slope[c] * x
 * - binary-convolution: (sum over W, c of x[p][c] * signs[i][j][c][o]) >= thresholds[o]
 * - binary-depthwise: (sum over W of x[p][c] * signs[i][j][c]) >= thresholds[c]
 * - classifier: bias[k] + sum over f of weights[f][k] * the mean over all pixels of x[f]
 *
 * `image`: [height, width, channels], normalized. `amend`: told value i of the program when it is computed, and gives what the
 * steps after it read in its place (default: itself), so that they can be tested apart from it. RangeError if it has another length, or if `check` refuses the program.
 */
export const interpret = (
  program: Program,
  image: ArrayLike<number>,
  amend: (computed: Float64Array | Uint8Array, value: Value) => Float64Array | Uint8Array = computed => computed,
): Interpretation => {
  const shapes = demand('interpret', () => verified(program))
  const { height, width, channels } = program.image
  if (image.length !== height * width * channels)
    throw new RangeError(
      `interpret: the image has ${image.length} numbers, but ${height}x${width}x${channels} are needed`,
    )
  const values: (Float64Array | Uint8Array)[] = [Float64Array.from(image)]
  const read = (inputs: readonly Value[]): NumberMap =>
    join(inputs.map(input => numbers(shapes[input]!, values[input]!)))
  for (const step of program.steps) values.push(amend(execute(step, read), values.length))
  return { values, scores: values.at(-1) as Float64Array }
}
