/** Of the bits of a byte, reversed polynomial 0x04c11db7. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/**
 * The CRC-32 of ISO 3309, as in PNG and zlib, of all parts in turn. It stands here, and is no library's, because the package has
 * no dependency at run time.
 */
export const crc32 = (...parts: readonly Uint8Array[]): number => {
  let crc = 0xffffffff
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) crc = table[(crc ^ part[i]!) & 0xff]! ^ (crc >>> 8)
  }
  return ~crc >>> 0
}
