import { fail } from '../errors.js'
import { crc32 } from './crc32.js'

/** "CPNASX", then the version in two bytes. */
const magic = Uint8Array.of(0x43, 0x50, 0x4e, 0x41, 0x53, 0x58)
const version = 1

/** Bytes before the metadata. */
export const headerBytes = 24

/** Where the fields of the header are, each little-endian. */
const at = { version: 6, checksum: 8, metadata: 12, records: 16, data: 20 } as const

/** The parts of a file after the header. */
export interface Parts<A> {
  readonly metadata: A
  readonly records: A
  readonly data: A
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Over everything but itself. */
const checksumOf = (file: Uint8Array): number => crc32(file.subarray(0, at.checksum), file.subarray(at.metadata))

/** The file of these parts; its data lie at a multiple of 4, which the writer of the metadata sees to. */
export const sealed = ({ metadata, records, data }: Parts<Uint8Array>): Uint8Array => {
  const parts = [metadata, records, data]
  const file = new Uint8Array(headerBytes + parts.reduce((sum, part) => sum + part.length, 0))
  const view = viewOf(file)
  file.set(magic)
  view.setUint16(at.version, version, true)
  view.setUint32(at.metadata, metadata.length, true)
  view.setUint32(at.records, records.length, true)
  view.setUint32(at.data, data.length, true)
  let offset = headerBytes
  for (const part of parts) {
    file.set(part, offset)
    offset += part.length
  }
  view.setUint32(at.checksum, checksumOf(file), true)
  return file
}

const hexadecimal = (value: number): string => value.toString(16).padStart(8, '0')

/** The parts of a file, views of it; fails if it is none, not of this version, of another length, or damaged. */
export const opened = (file: Uint8Array): Parts<Uint8Array> => {
  if (file.length < headerBytes)
    fail('TooShort', `file: has ${file.length} bytes, but a packed model begins with a header of ${headerBytes}`)
  if (magic.some((byte, i) => file[i] !== byte))
    fail('WrongMagic', 'file: does not begin with CPNASX, so it is no packed model; give one that cpnas export wrote')
  const view = viewOf(file)
  const found = view.getUint16(at.version, true)
  if (found !== version)
    fail(
      'UnknownVersion',
      `file: is of version ${found}, but this reader knows version ${version}; update it or export again`,
    )
  const lengths = [at.metadata, at.records, at.data].map(offset => view.getUint32(offset, true))
  const [metadata, records, data] = lengths as [number, number, number]
  const length = headerBytes + metadata + records + data
  if (file.length < length)
    fail(
      'Truncated',
      `file: has ${file.length} bytes of the ${length} that its header names; copy or download it again`,
    )
  if (file.length > length)
    fail(
      'TrailingBytes',
      `file: has ${file.length} bytes, more than the ${length} that its header names; copy or download it again`,
    )
  const expected = view.getUint32(at.checksum, true)
  const checksum = checksumOf(file)
  if (checksum !== expected)
    fail(
      'ChecksumMismatch',
      `file: has the checksum ${hexadecimal(checksum)}, but its header names ${hexadecimal(expected)}, so it is damaged; copy or download it again`,
    )
  const first = headerBytes + metadata
  if (records % 2 !== 0 || (first + records) % 4 !== 0)
    fail(
      'Misaligned',
      `file: its records of ${records} bytes begin at byte ${first}; they must be even, and end at a multiple of 4`,
    )
  return {
    metadata: file.subarray(headerBytes, first),
    records: file.subarray(first, first + records),
    data: file.subarray(first + records),
  }
}
