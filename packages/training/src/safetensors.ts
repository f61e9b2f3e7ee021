import { formatShape, type Shape, sizeOf, type Values } from '@cpnas/backends'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** A tensor read back from its engine, row-major. */
export interface StoredTensor {
  readonly shape: Shape
  readonly values: Values
}

export type StoredTensors = Readonly<Record<string, StoredTensor>>

interface HeaderEntry {
  readonly dtype: 'F32' | 'F64'
  readonly shape: Shape
  readonly data_offsets: readonly [number, number]
}

const bytesOf = { F32: 4, F64: 8 } as const
const lengthBytes = 8
/** The format's own limit. */
const headerLimit = 100_000_000
const metadataKey = '__metadata__'

const view = (values: Values): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/**
 * The tensors as a safetensors file: length of the header (8 bytes, little-endian), header (JSON, padded with spaces to a
 * multiple of 8 bytes), values (little-endian; float64 before float32 so that each is aligned, then in the order of names).
 * Format: https://huggingface.co/docs/safetensors. Throws RangeError for a tensor named `__metadata__` or of another size than its shape.
 */
export const encodeSafetensors = (tensors: StoredTensors): Uint8Array => {
  const entries = Object.entries(tensors)
    .map(([name, { shape, values }]) => {
      if (name === metadataKey) throw new RangeError(`encodeSafetensors: ${metadataKey} cannot name a tensor`)
      if (values.length !== sizeOf(shape))
        throw new RangeError(`encodeSafetensors: ${name} has ${values.length} values for shape ${formatShape(shape)}`)
      return { name, shape, values, dtype: values instanceof Float64Array ? ('F64' as const) : ('F32' as const) }
    })
    .sort((a, b) => bytesOf[b.dtype] - bytesOf[a.dtype] || (a.name < b.name ? -1 : 1))
  let offset = 0
  const header = Object.fromEntries(
    entries.map(({ name, shape, values, dtype }): [string, HeaderEntry] => {
      const begin = offset
      offset += values.byteLength
      return [name, { dtype, shape, data_offsets: [begin, offset] }]
    }),
  )
  const json = new TextEncoder().encode(JSON.stringify(header))
  const headerLength = Math.ceil(json.length / lengthBytes) * lengthBytes
  const file = new Uint8Array(lengthBytes + headerLength + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true)
  file.fill(0x20, lengthBytes, lengthBytes + headerLength)
  file.set(json, lengthBytes)
  let position = lengthBytes + headerLength
  for (const { values } of entries) {
    file.set(view(values), position)
    position += values.byteLength
  }
  return file
}

/**
 * Reads a safetensors file of F32 and F64 tensors into memory of its own. The error says what is wrong with the file:
 * every length, offset and shape is checked, values must fill the file without holes or overlaps.
 */
export const decodeSafetensors = (file: Uint8Array): Either<string, StoredTensors> => {
  if (file.length < lengthBytes) return left(`is ${file.length} bytes long, shorter than a header`)
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (headerLength > headerLimit || lengthBytes + headerLength > file.length)
    return left(`is ${file.length} bytes long but announces a header of ${headerLength}`)
  const header = parseHeader(file.subarray(lengthBytes, lengthBytes + headerLength))
  if (header === undefined) return left('has a header that is not a record of tensors in JSON')
  const data = file.subarray(lengthBytes + headerLength)
  const result = new Map<string, StoredTensor>()
  let end = 0
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => ({ name, entry: headerEntry(value) }))
  const malformed = entries.find(({ entry }) => entry === undefined)
  if (malformed) return left(`describes the tensor ${malformed.name} in a way that is not understood`)
  const sorted = entries
    .map(({ name, entry }) => ({ name, entry: entry! }))
    .sort(
      (a, b) => a.entry.data_offsets[0] - b.entry.data_offsets[0] || a.entry.data_offsets[1] - b.entry.data_offsets[1],
    )
  for (const { name, entry } of sorted) {
    const [begin, stop] = entry.data_offsets
    if (begin !== end) return left(`has a hole or an overlap before the tensor ${name}`)
    if (stop - begin !== sizeOf(entry.shape) * bytesOf[entry.dtype])
      return left(`gives the tensor ${name} of shape ${formatShape(entry.shape)} ${stop - begin} bytes`)
    if (stop > data.length) return left(`ends before the values of the tensor ${name}`)
    const { buffer: bytes } = new Uint8Array(data.subarray(begin, stop))
    result.set(name, {
      shape: entry.shape,
      values: entry.dtype === 'F64' ? new Float64Array(bytes) : new Float32Array(bytes),
    })
    end = stop
  }
  return end === data.length
    ? right(Object.fromEntries(result))
    : left(`has ${data.length - end} bytes after the last tensor`)
}

const parseHeader = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const headerEntry = (value: unknown): HeaderEntry | undefined => {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Partial<Record<string, unknown>>
  if (!Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2) return undefined
  const [begin, end]: readonly unknown[] = offsets
  return (dtype === 'F32' || dtype === 'F64') && shape.every(isCount) && isCount(begin) && isCount(end) && begin <= end
    ? { dtype, shape, data_offsets: [begin, end] }
    : undefined
}
