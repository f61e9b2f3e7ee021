/** The package types its main module only. */
declare module 'crc-32/crc32c.js' {
  const crc32c: {
    /** CRC-32C (Castagnoli) as a signed 32-bit integer. */
    readonly buf: (bytes: Uint8Array) => number
  }
  export = crc32c
}
