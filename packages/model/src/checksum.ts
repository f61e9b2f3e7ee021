import { createHash } from 'node:crypto'

/** SHA-256 in hexadecimal digits, to be filled in when the rest of the file stands. */
export const noChecksum = '0'.repeat(64)

/** The checksum is the first of the metadata, so that its place is the same in every file. */
const position = 8 + '{"__metadata__":{"sha256":"'.length
const end = position + noChecksum.length

/** Of all bytes of a model file, its own digits taken as zeros. */
const checksumOf = (file: Uint8Array): string =>
  createHash('sha256').update(file.subarray(0, position)).update(noChecksum).update(file.subarray(end)).digest('hex')

/** Writes the checksum in its place. */
export const seal = (file: Uint8Array): Uint8Array => {
  file.set(new TextEncoder().encode(checksumOf(file)), position)
  return file
}

export const isSealed = (file: Uint8Array): boolean =>
  new TextDecoder().decode(file.subarray(position, end)) === checksumOf(file)
