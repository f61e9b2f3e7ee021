const startsWith = (file: Uint8Array, bytes: readonly number[], at = 0): boolean =>
  bytes.every((byte, i) => file[at + i] === byte)

const ascii = (text: string): readonly number[] => [...text].map(letter => letter.charCodeAt(0))

/** How files begin that people name by mistake. */
const kinds: readonly (readonly [kind: string, is: (file: Uint8Array) => boolean])[] = [
  ['an empty file', file => file.length === 0],
  ['a PNG picture', file => startsWith(file, [0x89, ...ascii('PNG')])],
  ['a JPEG picture', file => startsWith(file, [0xff, 0xd8, 0xff])],
  ['a PDF file', file => startsWith(file, ascii('%PDF'))],
  ['a packed network', file => startsWith(file, ascii('CPNASX'))],
  ['a zip archive (PyTorch saves its models in such)', file => startsWith(file, [0x50, 0x4b, 3, 4])],
  ['a gzip file', file => startsWith(file, [0x1f, 0x8b])],
  ['an HDF5 file (Keras saves its models in such)', file => startsWith(file, [0x89, ...ascii('HDF')])],
  ['a NumPy array', file => startsWith(file, [0x93, ...ascii('NUMPY')])],
  ['a pickle of Python', file => file[0] === 0x80 && file[1]! >= 2 && file[1]! <= 5],
  // ONNX has no magic number: its first field, ir_version, is a small number, and the name of the producer follows.
  ['an ONNX model', file => file[0] === 0x08 && file[1]! < 32 && file[2] === 0x12],
  ['a safetensors file', file => file.length > 9 && file[8] === 0x7b && startsWith(file, [0, 0], 6)],
  ['a JSON file', file => /^[\s\ufeff]*[{[]/.test(new TextDecoder().decode(file.subarray(0, 64)))],
]

/** What a file is by its first bytes, in words; undefined for what is not known here. */
export const fileKind = (file: Uint8Array): string | undefined => kinds.find(([, is]) => is(file))?.[0]
