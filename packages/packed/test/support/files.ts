import { crc32 } from 'node:zlib'

/** The parts of a packed file after its header. */
export interface Parts {
  readonly metadata: Uint8Array
  readonly records: Uint8Array
  readonly data: Uint8Array
}

const header = 24

export const partsOf = (file: Uint8Array): Parts => {
  const view = new DataView(file.buffer, file.byteOffset)
  const first = header + view.getUint32(12, true)
  const second = first + view.getUint32(16, true)
  return { metadata: file.slice(header, first), records: file.slice(first, second), data: file.slice(second) }
}

/** The file with a checksum that is right, by the CRC-32 of Node's zlib. */
export const signed = (file: Uint8Array): Uint8Array => {
  const view = new DataView(file.buffer, file.byteOffset)
  view.setUint32(8, crc32(file.subarray(12), crc32(file.subarray(0, 8))), true)
  return file
}

/** A file of such parts, written independently of the package: lengths and checksum fit, whatever the parts are. */
export const sealed = ({ metadata, records, data }: Parts, version = 1): Uint8Array => {
  const file = new Uint8Array(header + metadata.length + records.length + data.length)
  const view = new DataView(file.buffer)
  file.set(new TextEncoder().encode('CPNASX'))
  view.setUint16(6, version, true)
  for (const [i, part] of [metadata, records, data].entries()) view.setUint32(12 + 4 * i, part.length, true)
  file.set(metadata, header)
  file.set(records, header + metadata.length)
  file.set(data, header + metadata.length + records.length)
  return signed(file)
}

export const records = (...numbers: readonly number[]): Uint8Array =>
  Uint8Array.from(numbers.flatMap(n => [n & 255, n >> 8]))

/** JSON, and spaces to a multiple of 4 less what the records leave over. */
export const text = (json: string, after = 0): Uint8Array => {
  const bytes = new TextEncoder().encode(json)
  const filled = new Uint8Array(bytes.length + ((4 - ((header + bytes.length + after) % 4)) % 4)).fill(0x20)
  filled.set(bytes)
  return filled
}

export const joined = (...parts: readonly ArrayLike<number>[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
