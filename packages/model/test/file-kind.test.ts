import { fileKind } from '@cpnas/model'
import { expect, test } from 'vitest'

test.each([
  ['an empty file', []],
  ['a PNG picture', [0x89, 0x50, 0x4e, 0x47, 0x0d]],
  ['a JPEG picture', [0xff, 0xd8, 0xff, 0xe0]],
  ['a packed network', [...Buffer.from('CPNASX')]],
  ['a zip archive (PyTorch saves its models in such)', [...Buffer.from('PK\x03\x04')]],
  ['a pickle of Python', [0x80, 2, 0x7d]],
  ['an ONNX model', [0x08, 0x07, 0x12, 5]],
  ['a safetensors file', [0x40, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from('{"a":1}')]],
  ['a JSON file', [...Buffer.from('\n {"space":"cp-nas"}')]],
  [undefined, [...Buffer.from('some text')]],
])('%s is told by its first bytes', (kind, bytes) => {
  expect(fileKind(Uint8Array.from(bytes))).toBe(kind)
})
