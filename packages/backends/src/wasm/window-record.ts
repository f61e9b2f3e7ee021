import { type Geometry, geometryFields } from '../geometry.js'

/** The operands of the record `Window` of assembly/geometry.ts, in their order; they follow its geometry. */
export const operandFields = [
  ...(['activation', 'scale', 'shift', 'x', 'w', 'y', 'moments'] as const),
  ...(['dy', 'dyScale', 'dyX', 'dySlope', 'dyShift', 'dx', 'into', 'sums', 'mean', 'dw', 'groups'] as const),
] as const

/** Operands as the record has them. */
export type WindowOperands = Readonly<Record<(typeof operandFields)[number], number>>

/** A loop: this runs for every chunk of every convolution, where `Object.fromEntries` took a tenth of a small network's step. */
const record = <K extends string>(fields: readonly K[], words: Int32Array, at: number): Readonly<Record<K, number>> => {
  const values = {} as Record<K, number>
  for (let i = 0; i < fields.length; i++) values[fields[i]!] = words[at + i]!
  return values
}

/** What `writeWindow` wrote at this address of the memory. */
export const readWindow = (
  memory: WebAssembly.Memory,
  address: number,
): { readonly geometry: Geometry; readonly operands: WindowOperands } => {
  const words = new Int32Array(memory.buffer, address, geometryFields.length + operandFields.length)
  return { geometry: record(geometryFields, words, 0), operands: record(operandFields, words, geometryFields.length) }
}
