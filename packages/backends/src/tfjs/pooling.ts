import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type Geometry, outputShape } from '../geometry.js'
import type { Kernels } from '../kernels.js'
import { sizeOf } from '../shape.js'
import type { Composer } from './compose.js'
import { depthwise, depthwiseInput } from './depthwise-convolution.js'
import type { Operations } from './operations.js'
import { maximaByPlace } from './reductions.js'
import type { TfjsTensor } from './tensor.js'
import { spans, touched } from './window.js'

const GREATEST = 3.4028234663852886e38

/** For every output row or column the number of its window's taps inside the image. */
const counts = (g: Geometry, outputs: number, size: number, taps: number, before: number): readonly number[] =>
  Array.from(
    { length: outputs },
    (_, output) =>
      Array.from({ length: taps }, (_, tap) => output * g.stride - before + tap * g.dilation).filter(
        at => at >= 0 && at < size,
      ).length,
  )

/** [1, height, width, 1]: for every output pixel the number of its window's pixels inside the image. */
const pixels = (o: Operations, g: Geometry): TensorInfo => {
  const rows = counts(g, g.outHeight, g.inHeight, g.kernelHeight, g.padTop)
  const columns = counts(g, g.outWidth, g.inWidth, g.kernelWidth, g.padLeft)
  return o.constant(
    rows.flatMap(row => columns.map(column => row * column)),
    [1, g.outHeight, g.outWidth, 1],
  )
}

/** Filters [height, width, channels, count], dilated: f(tap, filter) at the taps, zero between. */
const tapFilters = (
  o: Operations,
  g: Geometry,
  count: number,
  f: (tap: number, filter: number) => number,
): TensorInfo => {
  const [height, width] = spans(g)
  const values = Array.from({ length: height * width }, (_, at) => {
    const [y, x] = [Math.floor(at / width), at % width]
    const isTap = y % g.dilation === 0 && x % g.dilation === 0
    const tap = (y / g.dilation) * g.kernelWidth + x / g.dilation
    return Array.from({ length: count }, (_, filter) => (isTap ? f(tap, filter) : 0))
  })
  return o.constant(
    values.flatMap(filters => Array.from({ length: g.inChannels }, () => filters).flat()),
    [height, width, g.inChannels, count],
  )
}

const ones = (o: Operations, g: Geometry): TensorInfo => tapFilters(o, g, 1, () => 1)

/** Maxima of columns of maxima of rows: 2k comparisons in place of k^2. */
const maxima = (o: Operations, x: TensorInfo, g: Geometry): TensorInfo => {
  const along = (from: TensorInfo, axis: 1 | 2, taps: number, outputs: number): TensorInfo => {
    const size = from.shape.with(axis, outputs)
    const step = [1, 1, 1, 1].with(axis, g.stride)
    return Array.from({ length: taps }, (_, tap) =>
      o.stridedSlice(from, [0, 0, 0, 0].with(axis, tap * g.dilation), size, step),
    ).reduce((a, b) => o.binary('Maximum', a, b))
  }
  return along(along(x, 1, g.kernelHeight, g.outHeight), 2, g.kernelWidth, g.outWidth)
}

/** As x, in an order without NaN: that is above all others, and no other is infinite, so that padding is below all. */
const ordered = (o: Operations, x: TensorInfo): TensorInfo => {
  const finite = o.binary('Maximum', o.binary('Minimum', x, o.scalar(GREATEST)), o.scalar(-GREATEST))
  return o.select(o.unary('IsNan', x), o.full(Number.POSITIVE_INFINITY, x.shape), finite)
}

/** For every output value (a row) and tap (a column) 1 if the tap is the window's first maximum, else 0. */
const firstMaxima = (o: Operations, x: TensorInfo, g: Geometry): TensorInfo => {
  const image = touched(o, ordered(o, x), g, Number.NEGATIVE_INFINITY)
  const rows = sizeOf(outputShape(g))
  const taps = g.kernelHeight * g.kernelWidth
  const values = Array.from({ length: taps }, (_, tap) => {
    const begin = [0, Math.floor(tap / g.kernelWidth) * g.dilation, (tap % g.kernelWidth) * g.dilation, 0]
    return o.reshape(o.stridedSlice(image, begin, outputShape(g), [1, g.stride, g.stride, 1]), [rows, 1])
  })
  const windows = values.length === 1 ? values[0]! : o.concat(values, 1)
  const order = maximaByPlace(o, windows)
  return o.indicator(o.compare('Equal', order, o.extreme('Min', order)))
}

type Pooling = Pick<Kernels<TfjsTensor>, 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'>

/**
 * The engines' own pooling is right without dilation and for numbers only: they take or leave NaN as they like, break ties
 * as they like, and know no padding but 'same'.
 */
export const pooling = ({ compose, store }: Composer): Pooling => {
  const accumulating = (into: TfjsTensor | undefined, f: (o: Operations) => TensorInfo): TfjsTensor => {
    const total = compose(o => (into === undefined ? f(o) : o.add(f(o), o.of(into))))
    if (into !== undefined) store.free(into)
    return total
  }
  return {
    maxPool: (x, g) => compose(o => maxima(o, touched(o, o.of(x), g, Number.NEGATIVE_INFINITY), g)),
    // dy to every tap that is chosen, and from the taps to the image: the adjoint of a convolution with one filter a tap.
    maxPoolGrad: (dy, x, g, into) =>
      accumulating(into, o => {
        const taps = g.kernelHeight * g.kernelWidth
        const chosen = o.mul(firstMaxima(o, o.of(x), g), o.reshape(o.of(dy), [sizeOf(dy.shape), 1]))
        const spread = o.reshape(chosen, [g.batch, g.outHeight, g.outWidth, g.outChannels * taps])
        return depthwiseInput(
          o,
          spread,
          tapFilters(o, g, taps, (tap, filter) => (tap === filter ? 1 : 0)),
          g,
        )
      }),
    avgPool: (x, g) => compose(o => o.div(depthwise(o, o.of(x), ones(o, g), g), pixels(o, g))),
    avgPoolGrad: (dy, g, into) =>
      accumulating(into, o => depthwiseInput(o, o.div(o.of(dy), pixels(o, g)), ones(o, g), g)),
  }
}
