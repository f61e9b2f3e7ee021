import { formatShape, type Shape, type StoredTensor, type StoredTensors, sizeOf, type Values } from '@cpnas/backends'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** Bytes of any meaning, e.g. packed bits. */
export interface ByteTensor {
  readonly shape: Shape
  readonly values: Uint8Array
}

/** What a safetensors file holds: tensors of floats and bytes by name, and strings that say what they are. */
export interface SafetensorsFile {
  readonly tensors: Readonly<Record<string, StoredTensor | ByteTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Types of values by the names of the format. */
export type Dtype = 'F64' | 'F32' | 'U8'

/** A tensor without its values. */
export interface TensorLayout {
  readonly dtype: Dtype
  readonly shape: Shape
}

interface HeaderEntry extends TensorLayout {
  readonly data_offsets: readonly [number, number]
}

const bytesOf = { F64: 8, F32: 4, U8: 1 } as const
const arrayOf = { F64: Float64Array, F32: Float32Array, U8: Uint8Array } as const
const lengthBytes = 8
/** The format's own limit. */
const headerLimit = 100_000_000
const metadataKey = '__metadata__'

const dtypeOf = (values: Values | Uint8Array): Dtype =>
  values instanceof Float64Array ? 'F64' : values instanceof Float32Array ? 'F32' : 'U8'

const isBefore = (a: string, b: string): number => (a < b ? -1 : 1)

/**
 * The beginning of a safetensors file, all but the values: it depends on the names, types and shapes of the tensors and on the
 * metadata only. The file goes on with the values of the tensors in the order of `names`, `dataBytes` bytes.
 */
export const safetensorsHeader = (
  tensors: Readonly<Record<string, TensorLayout>>,
  metadata: SafetensorsFile['metadata'] = {},
): { readonly bytes: Uint8Array; readonly names: readonly string[]; readonly dataBytes: number } => {
  const entries = Object.entries(tensors).sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => bytesOf[y] - bytesOf[x] || isBefore(a, b),
  )
  let offset = 0
  const header = Object.fromEntries([
    ...(Object.keys(metadata).length === 0 ? [] : [[metadataKey, metadata] as const]),
    ...entries.map(([name, { dtype, shape }]): [string, HeaderEntry] => {
      if (name === metadataKey) throw new RangeError(`safetensors: ${metadataKey} cannot name a tensor`)
      const begin = offset
      offset += sizeOf(shape) * bytesOf[dtype]
      return [name, { dtype, shape, data_offsets: [begin, offset] }]
    }),
  ])
  const json = new TextEncoder().encode(JSON.stringify(header))
  const headerLength = Math.ceil(json.length / lengthBytes) * lengthBytes
  const bytes = new Uint8Array(lengthBytes + headerLength)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true)
  bytes.fill(0x20, lengthBytes)
  bytes.set(json, lengthBytes)
  return { bytes, names: entries.map(([name]) => name), dataBytes: offset }
}

/**
 * The tensors as a safetensors file: length of the header (8 bytes, little-endian), header (JSON, padded with spaces to a
 * multiple of 8 bytes; strings of metadata come first in it), values (little-endian; float64 before float32 before bytes so
 * that each is aligned, then in the order of names). Format: https://huggingface.co/docs/safetensors. Throws RangeError for a
 * tensor named `__metadata__` or of another size than its shape.
 */
export const encodeSafetensors = (
  tensors: SafetensorsFile['tensors'],
  metadata: SafetensorsFile['metadata'] = {},
): Uint8Array => {
  const layouts = Object.entries(tensors).map(([name, { shape, values }]): [string, TensorLayout] => {
    if (values.length !== sizeOf(shape))
      throw new RangeError(`encodeSafetensors: ${name} has ${values.length} values for shape ${formatShape(shape)}`)
    return [name, { dtype: dtypeOf(values), shape }]
  })
  const { bytes, names, dataBytes } = safetensorsHeader(Object.fromEntries(layouts), metadata)
  const file = new Uint8Array(bytes.length + dataBytes)
  file.set(bytes)
  let position = bytes.length
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = tensors[name]!.values
    file.set(new Uint8Array(buffer, byteOffset, byteLength), position)
    position += byteLength
  }
  return file
}

/**
 * Reads a safetensors file of F32 and F64 tensors into memory of its own; metadata is ignored. The error says what is wrong with
 * the file: as `decodeSafetensorsFile`, or a tensor of another type.
 */
export const decodeSafetensors = (file: Uint8Array): Either<string, StoredTensors> => {
  const decoded = decodeSafetensorsFile(file)
  if (decoded._tag === 'Left') return decoded
  const { tensors } = decoded.right
  const bytes = Object.keys(tensors).find(name => !isStored(tensors[name]!))
  return bytes === undefined
    ? right(tensors as StoredTensors)
    : left(`has bytes in the tensor ${bytes}, where floats are expected`)
}

const isStored = (tensor: StoredTensor | ByteTensor): tensor is StoredTensor => !(tensor.values instanceof Uint8Array)

/**
 * Reads a safetensors file of F32, F64 and U8 tensors into memory of its own, with its metadata. The error says what is wrong
 * with the file: every length, offset and shape is checked, values must fill the file without holes or overlaps.
 */
export const decodeSafetensorsFile = (file: Uint8Array): Either<string, SafetensorsFile> => {
  if (file.length < lengthBytes) return left(`is ${file.length} bytes long, shorter than a header`)
  const headerLength = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  if (headerLength > headerLimit || lengthBytes + headerLength > file.length)
    return left(`is ${file.length} bytes long but announces a header of ${headerLength}`)
  const header = parseHeader(file.subarray(lengthBytes, lengthBytes + headerLength))
  if (header === undefined) return left('has a header that is not a record of tensors in JSON')
  const metadata = Object.hasOwn(header, metadataKey) ? header[metadataKey] : {}
  if (!isStrings(metadata)) return left('has metadata that is not a record of strings')
  const data = file.subarray(lengthBytes + headerLength)
  const result = new Map<string, StoredTensor | ByteTensor>()
  let end = 0
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => ({ name, entry: headerEntry(value) }))
  const malformed = entries.find(({ entry }) => entry === undefined)
  if (malformed) {
    const { dtype } = (header[malformed.name] ?? {}) as { readonly dtype?: unknown }
    return typeof dtype === 'string' && !['F32', 'F64', 'U8'].includes(dtype)
      ? left(`has the tensor ${malformed.name} as ${dtype}, and only F32, F64 and U8 are read`)
      : left(`describes the tensor ${malformed.name} in a way that is not understood`)
  }
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
    const values = new arrayOf[entry.dtype](bytes)
    result.set(name, { shape: entry.shape, values } as StoredTensor | ByteTensor)
    end = stop
  }
  return end === data.length
    ? right({ tensors: Object.fromEntries(result), metadata })
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

const isStrings = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(text => typeof text === 'string')

const isDtype = (value: unknown): value is Dtype => typeof value === 'string' && Object.hasOwn(bytesOf, value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const headerEntry = (value: unknown): HeaderEntry | undefined => {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Partial<Record<string, unknown>>
  if (!Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2) return undefined
  const [begin, end]: readonly unknown[] = offsets
  return isDtype(dtype) && shape.every(isCount) && isCount(begin) && isCount(end) && begin <= end
    ? { dtype, shape, data_offsets: [begin, end] }
    : undefined
}
