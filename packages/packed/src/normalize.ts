import type { PackedMetadata } from './program.js'

/**
 * What the network takes for the bytes [..., height, width, channels] of one image or several: (byte / 255 - mean) / std of the
 * byte's channel. RangeError for a number of bytes that is no multiple of the channels.
 */
export const normalize = (
  { normalization: { mean, std } }: Pick<PackedMetadata, 'normalization'>,
  bytes: Uint8Array | Uint8ClampedArray,
): Float32Array => {
  const channels = mean.length
  if (bytes.length % channels !== 0)
    throw new RangeError(`normalize: pixels of ${channels} channels cannot have ${bytes.length} bytes in all`)
  return Float32Array.from(bytes, (byte, i) => (byte / 255 - mean[i % channels]!) / std[i % channels]!)
}
