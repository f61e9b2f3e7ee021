type Value = { readonly numbers: readonly number[] } | { readonly bytes: Uint8Array } | { readonly array: Uint8Array }

const u32 = (n: number): readonly number[] => [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255]
const ascii = (text: string): readonly number[] => [...Buffer.from(text, 'latin1')]
const shortString = (text: string): readonly number[] => [0x55, text.length, ...ascii(text)]
const number = (n: number): readonly number[] =>
  n >= 0 && n < 256 ? [0x4b, n] : n >= 0 && n < 65536 ? [0x4d, n & 255, n >> 8] : [0x4a, ...u32(n)]
const string = (bytes: Uint8Array): readonly number[] => [0x54, ...u32(bytes.length), ...bytes]

/** An array of NumPy as Python 2 pickles it: `_reconstruct(ndarray, (0,), 'b')` with the state (1, shape, type, False, bytes). */
const array = (bytes: Uint8Array): readonly number[] => [
  ...[0x63, ...ascii('numpy.core.multiarray\n_reconstruct\n')],
  ...[0x63, ...ascii('numpy\nndarray\n'), 0x4b, 0, 0x85, ...shortString('b'), 0x87, 0x52],
  ...[0x28, 0x4b, 1, 0x4b, bytes.length & 127, 0x85, 0x4e, 0x89, ...string(bytes), 0x74, 0x62],
]

const encoded = (value: Value): readonly number[] =>
  'numbers' in value
    ? [0x5d, 0x28, ...value.numbers.flatMap(number), 0x65]
    : 'bytes' in value
      ? string(value.bytes)
      : array(value.array)

/** A dictionary in protocol 2. */
export const pickled = (entries: readonly (readonly [string, Value])[]): Uint8Array =>
  Uint8Array.from([
    ...[0x80, 2, 0x7d, 0x71, 1, 0x28],
    ...entries.flatMap(([key, value]) => [...shortString(key), ...encoded(value)]),
    ...[0x75, 0x2e],
  ])
