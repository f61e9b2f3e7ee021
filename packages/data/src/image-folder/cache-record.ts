import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Extent } from './view.js'

/** Identifies one state of a file. */
export interface FileState {
  /** Bytes. */
  readonly size: number
  readonly mtimeMs: number
}

/** Where the decoded image of a file lies, and of which state of the file. */
export interface CacheEntry extends Extent, FileState {
  /** Of the segment, without extension. */
  readonly segment: string
  /** Bytes from the segment's beginning. */
  readonly offset: number
  /** CRC-32 of the pixels. */
  readonly checksum: number
  /** Milliseconds since 1970: of two entries for a file the later one counts. */
  readonly written: number
}

/** Bytes of an index record: crc, magic, key (16), size, mtime, written, offset (float64), width, height (uint16), checksum. */
export const recordBytes = 64

const magic = 0x31435043 // "CPC1"

/** The first 128 bits of the SHA-256 of a path. */
export const keyOf = (path: string): Buffer => createHash('sha256').update(path).digest().subarray(0, 16)

/** An index record; its first four bytes are the CRC-32 of the others. */
export const encodeRecord = (key: Buffer, entry: Omit<CacheEntry, 'segment'>): Buffer => {
  const record = Buffer.alloc(recordBytes)
  record.writeUInt32LE(magic, 4)
  key.copy(record, 8)
  for (const [i, value] of [entry.size, entry.mtimeMs, entry.written, entry.offset].entries())
    record.writeDoubleLE(value, 24 + i * 8)
  record.writeUInt16LE(entry.width, 56)
  record.writeUInt16LE(entry.height, 58)
  record.writeUInt32LE(entry.checksum, 60)
  record.writeUInt32LE(crc32(record.subarray(4)), 0)
  return record
}

/** Undefined if the record is damaged. */
export const decodeRecord = (
  record: Buffer,
  segment: string,
): { readonly key: Buffer; readonly entry: CacheEntry } | undefined =>
  record.readUInt32LE(0) !== crc32(record.subarray(4)) || record.readUInt32LE(4) !== magic
    ? undefined
    : {
        key: record.subarray(8, 24),
        entry: {
          segment,
          size: record.readDoubleLE(24),
          mtimeMs: record.readDoubleLE(32),
          written: record.readDoubleLE(40),
          offset: record.readDoubleLE(48),
          width: record.readUInt16LE(56),
          height: record.readUInt16LE(58),
          checksum: record.readUInt32LE(60),
        },
      }
