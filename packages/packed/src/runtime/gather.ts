import type { Kernels } from '../kernels/exports.js'
import type { Window } from '../program.js'
import type { MapPlace } from './maps.js'
import type { Plan } from './plan.js'
import { type Axis, axisOf } from './window.js'

/** What a loop over windows takes of a pixel: four channels a byte, 32 channels a word, or a float each. */
export interface Unit {
  readonly kernel: 'gatherNibbles' | 'gatherWords' | 'gatherFloats'
  readonly channels: number
  readonly bytes: number
}

export const nibbles: Unit = { kernel: 'gatherNibbles', channels: 4, bytes: 1 }
export const words: Unit = { kernel: 'gatherWords', channels: 32, bytes: 4 }
export const floats: Unit = { kernel: 'gatherFloats', channels: 1, bytes: 4 }

/** Inputs side by side, with zeros around them. */
export interface Gathered {
  readonly address: number
  readonly rows: Axis
  readonly columns: Axis
  /** Units of a pixel. */
  readonly units: number
  /** Of each input. */
  readonly parts: readonly number[]
  readonly run: (kernels: Kernels) => void
  /** First fields of the record of a loop over windows, `Dots` of assembly/dots.ts, up to its weights. */
  readonly fields: readonly number[]
}

export const planGather = (
  plan: Plan,
  inputs: readonly MapPlace[],
  window: Window,
  unit: Unit,
  relu: boolean,
): Gathered => {
  const { height, width } = inputs[0]!
  const rows = axisOf(window, height)
  const columns = axisOf(window, width)
  const parts = inputs.map(({ channels }) => Math.ceil(channels / unit.channels))
  const units = parts.reduce((a, b) => a + b)
  const pixel = units * unit.bytes
  const pitch = (columns.before + width + columns.after) * pixel
  const bytes = (rows.before + height + rows.after) * pitch
  const around = rows.before + rows.after + columns.before + columns.after > 0
  // Loops take up to four pixels at a time.
  const address = plan.allocate(bytes + 4 * window.stride * pixel)
  const part = plan.record(inputs.flatMap(({ address, pixel }, i) => [address, pixel, parts[i]!]))
  const to = address + rows.before * pitch + columns.before * pixel
  const args = plan.record([
    to,
    address,
    bytes,
    pitch,
    pixel,
    around ? 1 : 0,
    height,
    width,
    relu ? 1 : 0,
    inputs.length,
    part,
  ])

  const { size, stride, dilation } = window
  const taps = Array.from({ length: size }, (_, i) => i * dilation)
  const offsets = dilation === 1 ? taps.map(y => y * pitch) : taps.flatMap(y => taps.map(x => y * pitch + x * pixel))
  const fields = [
    address + rows.start * pitch + columns.start * pixel,
    stride * pitch,
    stride * pixel,
    columns.outputs,
    offsets.length,
    plan.record(offsets),
    dilation === 1 ? size * units : units,
  ]
  return { address, rows, columns, units, parts, run: kernels => kernels[unit.kernel](args), fields }
}
