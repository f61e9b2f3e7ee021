import type { Kernels } from '../kernels/exports.js'
import type { BinaryDepthwiseStep } from '../program.js'
import { type MapPlace, signAt } from './maps.js'
import type { Plan } from './plan.js'
import { axisOf, classify } from './window.js'

const vectorBytes = 16

/** A binary depthwise convolution from one bit map into another. */
export const planDepthwise = (
  plan: Plan,
  { window, signs, thresholds }: BinaryDepthwiseStep,
  from: MapPlace,
  to: MapPlace,
): ((kernels: Kernels) => void) => {
  const { size, stride, dilation } = window
  const { pixel, channels } = from
  const taps = size ** 2
  const rows = axisOf(window, from.height)
  const columns = axisOf(window, from.width)
  const pitch = Math.ceil((columns.before + from.width + columns.after) / stride) * pixel
  const toRow = stride * pitch
  const bytes = (rows.before + from.height + rows.after) * toRow
  const around = plan.allocate(bytes)
  const spread = plan.record([
    from.address,
    around + rows.before * toRow + Math.floor(columns.before / stride) * pixel,
    from.height,
    from.width,
    pixel,
    toRow,
    stride,
    pitch,
    columns.before % stride,
    around,
    bytes,
  ])

  const offsets = Array.from({ length: taps }, (_, tap) => {
    const x = columns.start + dilation * (tap % size)
    const y = rows.start + dilation * Math.floor(tap / size)
    return y * toRow + (x % stride) * pitch + Math.floor(x / stride) * pixel
  })

  // A vector is a part of a pixel, or several pixels.
  const chunks = Math.ceil(pixel / vectorBytes)
  const pixels = Math.ceil(vectorBytes / pixel)
  const channelOf = (chunk: number, bit: number): number => chunk * 128 + (bit % (8 * pixel))
  const weights = plan.constant(chunks * taps * vectorBytes, () => {
    const laid = new Uint8Array(chunks * taps * vectorBytes)
    for (let chunk = 0; chunk < chunks; chunk++)
      for (let tap = 0; tap < taps; tap++)
        for (let bit = 0; bit < 128; bit++) {
          const channel = channelOf(chunk, bit)
          if (channel < channels && !signAt(signs, tap * channels + channel))
            laid[(chunk * taps + tap) * vectorBytes + (bit >> 3)]! |= 1 << (bit & 7)
        }
    return laid
  })

  const planes = 32 - Math.clz32(taps + 1)
  const ofRows = classify(rows.outside)
  const ofColumns = classify(columns.outside)
  const vectors = Math.ceil((to.width * pixel) / vectorBytes)
  /** The chunk of a vector, and the class of the column of each of its pixels. */
  const ofVectors = classify(
    Array.from({ length: vectors }, (_, v) => ({
      chunk: v % chunks,
      columns: Array.from({ length: pixels }, (_, i) => ofColumns.of[Math.floor((v * vectorBytes) / pixel) + i] ?? 0),
    })),
  )
  const block = planes * vectorBytes

  /** Agreements, with zeros around the map as -1, that it takes to reach the threshold. */
  const agreements = (row: number, column: number, channel: number): number => {
    const outside = (tap: number): boolean =>
      ofRows.classes[row]![Math.floor(tap / size)]! || ofColumns.classes[column]![tap % size]!
    let inside = 0
    let agreeing = 0
    for (let tap = 0; tap < taps; tap++) {
      if (!outside(tap)) inside++
      else if (!signAt(signs, tap * channels + channel)) agreeing++
    }
    return Math.min(Math.max(Math.ceil((thresholds[channel]! + inside) / 2) + agreeing, 0), taps + 1)
  }

  const limits = plan.constant(ofRows.classes.length * ofVectors.classes.length * block, () => {
    const laid = new Uint8Array(ofRows.classes.length * ofVectors.classes.length * block)
    ofRows.classes.forEach((_, row) => {
      const known = ofColumns.classes.map((_, column) =>
        Array.from({ length: channels }, (_, channel) => agreements(row, column, channel)),
      )
      ofVectors.classes.forEach(({ chunk, columns }, v) => {
        const at = (row * ofVectors.classes.length + v) * block
        for (let bit = 0; bit < 128; bit++) {
          const column = columns[Math.floor(bit / (8 * pixel))]!
          const limit = known[column]![channelOf(chunk, bit)] ?? taps + 1
          for (let plane = 0; plane < planes; plane++)
            laid[at + plane * vectorBytes + (bit >> 3)]! |= ((limit >> plane) & 1) << (bit & 7)
        }
      })
    })
    return laid
  })

  const counts = plan.allocate(block)
  const args = plan.record([
    around,
    stride * toRow,
    to.height,
    vectors,
    chunks,
    taps,
    plan.record(offsets),
    weights,
    planes,
    plan.record(ofRows.of.map(row => limits + row * ofVectors.classes.length * block)),
    plan.record(ofVectors.of.map(v => v * block)),
    to.address,
    to.width * pixel,
    counts,
  ])
  plan.release(around)
  plan.release(counts)
  return kernels => {
    kernels.spread(spread)
    kernels.depthwise(args)
  }
}
