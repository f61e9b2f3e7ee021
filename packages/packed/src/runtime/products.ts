import type { Kernels } from '../kernels/exports.js'
import type { Signs, Window } from '../program.js'
import { type Gathered, nibbles, planGather, type Unit, words } from './gather.js'
import { groupsOf, type MapPlace, signAt } from './maps.js'
import type { Plan } from './plan.js'
import { classify } from './window.js'

/** The loop over the channels of a binary convolution: `lookup` of four channels in a table, or `popcount` of 32. */
export type Loop = 'lookup' | 'popcount'

/** Codes of assembly/epilogue.ts. */
const bytesByLookup = 0
const wordsByLookup = 1
const wordsByPopcount = 2

/** Products that a byte can hold the sum of: 31 nibbles. */
const byteProducts = 124

/** A binary convolution up to its sums. */
export interface Products {
  readonly args: number
  readonly loop: number
  /** Whether sums are bytes, 128 above the true ones, else 16-bit numbers, 32768 above. */
  readonly bytes: boolean
  readonly gather: (kernels: Kernels) => void
  readonly release: () => void
}

/** Weights for a loop: `units` of a window, with a number of channels each, for blocks of outputs. */
const layWeights = (
  signs: Signs,
  { parts }: Gathered,
  channels: readonly number[],
  unit: Unit,
  taps: number,
  outputs: number,
  put: (position: number, output: number, bit: number) => void,
): void => {
  const inputs = channels.reduce((a, b) => a + b)
  const units = parts.reduce((a, b) => a + b)
  for (let tap = 0; tap < taps; tap++) {
    let channel = 0
    let first = tap * units
    parts.forEach((count, part) => {
      for (let c = 0; c < channels[part]!; c++, channel++) {
        const row = (tap * inputs + channel) * outputs
        const position = first + Math.floor(c / unit.channels)
        const bit = c % unit.channels
        for (let o = 0; o < outputs; o++) if (signAt(signs, row + o)) put(position, o, bit)
      }
      first += count
    })
  }
}

/** The sum of the signs of each tap, of each output. */
const tapSums = (signs: Signs, taps: number, inputs: number, outputs: number): readonly Int32Array[] =>
  Array.from({ length: taps }, (_, tap) => {
    const sums = new Int32Array(outputs).fill(-inputs)
    for (let i = tap * inputs; i < (tap + 1) * inputs; i++)
      for (let o = 0; o < outputs; o++) sums[o]! += 2 * signAt(signs, i * outputs + o)
    return sums
  })

export const planProducts = (
  plan: Plan,
  preferred: Loop,
  inputs: readonly MapPlace[],
  window: Window,
  signs: Signs,
  outputs: number,
): Products => {
  const unit = preferred === 'lookup' ? nibbles : words
  const gathered = planGather(plan, inputs, window, unit, false)
  const { rows, columns, units } = gathered
  const taps = window.size ** 2
  const groups = groupsOf(outputs)
  const channels = inputs.map(input => input.channels)
  const cin = channels.reduce((a, b) => a + b)
  const bytes = preferred === 'lookup' && taps * units * unit.channels <= byteProducts
  const size = bytes ? 1 : 2

  const weights =
    preferred === 'lookup'
      ? plan.constant(taps * units * groups * 16, () => {
          const laid = new Uint8Array(taps * units * groups * 16)
          layWeights(signs, gathered, channels, unit, taps, outputs, (position, output, bit) => {
            const block = output >> 6
            const width = Math.min(4, groups - 4 * block) * 16
            laid[block * taps * units * 64 + position * width + (output & 63)]! |= 1 << bit
          })
          return laid
        })
      : plan.constant(taps * units * groups * 64, () => {
          const laid = new Uint32Array(taps * units * groups * 16)
          layWeights(signs, gathered, channels, unit, taps, outputs, (position, output, bit) => {
            laid[((output >> 2) * taps * units + position) * 4 + (output & 3)]! |= 1 << bit
          })
          return laid
        })

  // Bits of no channel, 0 on both sides, agree; so do zeros around the map with signs of -1.
  const spare = taps * (units * unit.channels - cin)
  const above = bytes ? 128 : 32_768
  const always = preferred === 'popcount' ? above + taps * cin : bytes ? above - spare : above - taps * cin - 2 * spare
  const ofRows = classify(rows.outside)
  const ofColumns = classify(columns.outside)
  const block = groups * 16 * size
  const constants = plan.constant(ofRows.classes.length * ofColumns.classes.length * block, () => {
    const made = new (bytes ? Uint8Array : Uint16Array)(ofRows.classes.length * ofColumns.classes.length * groups * 16)
    const sums = tapSums(signs, taps, cin, outputs)
    ofRows.classes.forEach((outsideY, r) => {
      ofColumns.classes.forEach((outsideX, c) => {
        const at = (r * ofColumns.classes.length + c) * groups * 16
        made.fill(always, at, at + groups * 16)
        for (let tap = 0; tap < taps; tap++)
          if (outsideY[Math.floor(tap / window.size)] || outsideX[tap % window.size])
            for (let o = 0; o < outputs; o++) made[at + o]! += sums[tap]![o]!
      })
    })
    return made
  })

  const toPixel = groups * 16 * size
  const row = plan.allocate((columns.outputs + 3) * toPixel)
  // Loops take up to four pixels at a time, and look up what to add to those that there are none of.
  const ofColumn = [...ofColumns.of, 0, 0, 0]
  const args = plan.record([
    ...gathered.fields,
    weights,
    groups,
    plan.record(ofRows.of.map(r => constants + r * ofColumns.classes.length * block)),
    plan.record(ofColumn.map(c => c * block)),
    row,
    toPixel,
  ])
  return {
    args,
    loop: preferred === 'popcount' ? wordsByPopcount : bytes ? bytesByLookup : wordsByLookup,
    bytes,
    gather: gathered.run,
    release: () => {
      plan.release(gathered.address)
      plan.release(row)
    },
  }
}
