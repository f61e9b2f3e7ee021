import crc32c from 'crc-32/crc32c.js'

/** Checksum of a TFRecord: CRC-32C, turned by 15 bits and shifted by a constant. Source: tensorflow/core/lib/hash/crc32c.h. */
export const maskedCrc = (bytes: Uint8Array): number => {
  const crc = crc32c.buf(bytes) >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/**
 * A TFRecord: length (64 bits), its checksum, the bytes, their checksum, all little-endian.
 * Source: https://www.tensorflow.org/tutorials/load_data/tfrecord
 */
export const tfRecord = (bytes: Uint8Array): Uint8Array => {
  const record = new Uint8Array(8 + 4 + bytes.length + 4)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(bytes.length), true)
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true)
  record.set(bytes, 12)
  view.setUint32(12 + bytes.length, maskedCrc(bytes), true)
  return record
}
