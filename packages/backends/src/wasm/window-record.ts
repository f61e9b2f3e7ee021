import type { Geometry } from '../geometry.js'

/** The fields of the record `Window` of assembly/geometry.ts, in their order: a geometry, then operands. */
export const geometryFields = [
  ...['batch', 'inHeight', 'inWidth', 'inChannels', 'outHeight', 'outWidth', 'outChannels'],
  ...['kernelHeight', 'kernelWidth', 'stride', 'dilation', 'padTop', 'padLeft'],
] as readonly (keyof Geometry)[]
export const operandFields = [
  ...(['activation', 'scale', 'shift', 'x', 'w', 'y', 'moments'] as const),
  ...(['dy', 'dyScale', 'dyX', 'dySlope', 'dyShift', 'dx', 'into', 'sums', 'mean', 'dw', 'groups'] as const),
] as const

/** Operands as the record has them. */
export type WindowOperands = Readonly<Record<(typeof operandFields)[number], number>>

const record = <K extends string>(fields: readonly K[], words: Int32Array, at: number): Readonly<Record<K, number>> =>
  Object.fromEntries(fields.map((field, i) => [field, words[at + i]!])) as Readonly<Record<K, number>>

/** What `writeWindow` wrote at this address of the memory. */
export const readWindow = (
  memory: WebAssembly.Memory,
  address: number,
): { readonly geometry: Geometry; readonly operands: WindowOperands } => {
  const words = new Int32Array(memory.buffer, address, geometryFields.length + operandFields.length)
  return { geometry: record(geometryFields, words, 0), operands: record(operandFields, words, geometryFields.length) }
}
