import type { StoredTensors } from '@cpnas/backends'
import {
  decodeSafetensors,
  decodeSafetensorsFile,
  encodeSafetensors,
  type SafetensorsFile,
  safetensorsHeader,
} from '@cpnas/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain(shape => {
  const size = shape.reduce((a, b) => a * b, 1)
  const exactly = { minLength: size, maxLength: size }
  return fc.oneof(fc.float32Array(exactly), fc.float64Array(exactly)).map(values => ({ shape, values }))
})
const tensors = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter(name => name !== '__metadata__'),
  tensor,
) as fc.Arbitrary<StoredTensors>

const bytes = fc.uint8Array({ maxLength: 9 }).map(values => ({ shape: [values.length], values }))
const mixed: fc.Arbitrary<SafetensorsFile> = fc.record({
  tensors: fc.dictionary(
    fc.string({ unit: 'grapheme' }).filter(name => name !== '__metadata__'),
    fc.oneof(tensor, bytes),
  ) as fc.Arbitrary<SafetensorsFile['tensors']>,
  metadata: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
})

const file = (header: string, data: number): Uint8Array => {
  const json = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + json.length + data)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}
const entry = (shape: readonly number[], begin: number, end: number, dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] })

describe('safetensors', () => {
  it('gives back what was written, bit for bit, wherever the bytes lie', () => {
    fc.assert(
      fc.property(tensors, fc.nat(9), (given, shift) => {
        const encoded = encodeSafetensors(given)
        const moved = new Uint8Array(encoded.length + shift)
        moved.set(encoded, shift)
        const decoded = decodeSafetensors(Buffer.from(moved.buffer).subarray(shift))
        expect(decoded).toMatchObject({ _tag: 'Right' })
        if (decoded._tag === 'Left') return
        expect(Object.keys(decoded.right).sort()).toEqual(Object.keys(given).sort())
        for (const [name, { shape, values }] of Object.entries(given)) {
          const read = decoded.right[name]!
          expect(read.shape).toEqual(shape)
          expect(read.values.constructor).toBe(values.constructor)
          expect(new Uint8Array(read.values.buffer)).toEqual(
            new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
          )
        }
      }),
      { examples: [[{ ['__proto__']: { shape: [], values: Float32Array.of(1) } }, 0]] },
    )
  })

  it('is the published format: 8 bytes of header length, JSON, values', () => {
    const bytes = encodeSafetensors({ w: { shape: [1, 2], values: Float32Array.of(1, -2) } })
    const json = '{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}'
    expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(json.length)
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + json.length))).toBe(json)
    expect(Array.from(bytes.subarray(8 + json.length))).toEqual([0, 0, 128, 63, 0, 0, 0, 192])
  })

  it('puts float64 first, where it is aligned', () => {
    const bytes = encodeSafetensors({
      a: { shape: [1], values: Float32Array.of(1) },
      b: { shape: [1], values: Float64Array.of(2) },
    })
    expect(new DataView(bytes.buffer).getFloat64(bytes.length - 12, true)).toBe(2)
    expect((bytes.length - 12) % 8).toBe(0)
  })

  it('does not depend on the order of the names', () => {
    const a = { shape: [1], values: Float32Array.of(1) }
    const b = { shape: [2], values: Float64Array.of(2, 3) }
    expect(encodeSafetensors({ a, b })).toEqual(encodeSafetensors({ b, a }))
  })

  it('reads any file cut short as damaged', () => {
    fc.assert(
      fc.property(tensors, fc.nat(), (given, at) => {
        const bytes = encodeSafetensors(given)
        expect(decodeSafetensors(bytes.subarray(0, at % bytes.length))._tag).toBe('Left')
      }),
    )
  })

  it.each([
    ['a header longer than the file', file('{}', 0).map((b, i) => (i === 1 ? 1 : b)), /announces a header of 258/],
    ['no JSON', file('{]', 0), /not a record/],
    ['JSON that is no record', file('[]', 0), /not a record/],
    ['metadata that are no record', file('{"__metadata__":["a"]}', 0), /metadata/],
    ['metadata that are no strings', file('{"__metadata__":{"a":1}}', 0), /metadata/],
    ['bytes', file(`{"w":${entry([2], 0, 2, 'U8')}}`, 2), /bytes in the tensor w/],
    [
      'another type',
      file(`{"w":${entry([1], 0, 2, 'F16')}}`, 2),
      /the tensor w as F16, and only F32, F64 and U8 are read/,
    ],
    ['a negative size', file(`{"w":${entry([-1, -1], 0, 4)}}`, 4), /tensor w/],
    ['offsets in reverse', file(`{"w":${entry([1], 4, 0)}}`, 4), /tensor w/],
    ['null', file('{"w":null}', 0), /tensor w/],
    ['too few bytes for the shape', file(`{"w":${entry([2], 0, 4)}}`, 4), /\[2\] 4 bytes/],
    ['a hole', file(`{"a":${entry([1], 0, 4)},"b":${entry([1], 8, 12)}}`, 12), /hole.*b/],
    ['an overlap', file(`{"a":${entry([1], 0, 4)},"b":${entry([1], 0, 4)}}`, 4), /overlap.*b/],
    ['trailing bytes', file(`{"a":${entry([1], 0, 4)}}`, 5), /1 bytes after/],
  ])('refuses %s', (_, bytes, problem) => {
    const decoded = decodeSafetensors(bytes)
    expect(decoded).toEqual({ _tag: 'Left', left: expect.stringMatching(problem) })
  })

  it('gives back bytes and metadata beside floats', () => {
    fc.assert(
      fc.property(mixed, given => {
        const decoded = decodeSafetensorsFile(encodeSafetensors(given.tensors, given.metadata))
        expect(decoded).toMatchObject({ _tag: 'Right' })
        if (decoded._tag === 'Left') return
        expect(decoded.right.metadata).toEqual(given.metadata)
        expect(Object.keys(decoded.right.tensors).sort()).toEqual(Object.keys(given.tensors).sort())
        for (const [name, { shape, values }] of Object.entries(given.tensors)) {
          const read = decoded.right.tensors[name]!
          expect(read.shape).toEqual(shape)
          expect(read.values.constructor).toBe(values.constructor)
          expect(Buffer.from(read.values.buffer).equals(Buffer.from(values.buffer))).toBe(true)
        }
      }),
    )
  })

  it('has its metadata first, bytes last', () => {
    const encoded = encodeSafetensors(
      { a: { shape: [3], values: Uint8Array.of(7, 8, 9) }, w: { shape: [1], values: Float32Array.of(1) } },
      { format: 'x' },
    )
    const json =
      '{"__metadata__":{"format":"x"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}'
    expect(new TextDecoder().decode(encoded.subarray(8, 8 + json.length))).toBe(json)
    expect(Array.from(encoded.subarray(-7))).toEqual([0, 0, 128, 63, 7, 8, 9])
  })

  it('begins with a header that follows from names, types and shapes alone', () => {
    fc.assert(
      fc.property(mixed, ({ tensors, metadata }) => {
        const layouts = Object.entries(tensors).map(([name, { shape, values }]) => {
          const dtype = values instanceof Float64Array ? 'F64' : values instanceof Float32Array ? 'F32' : 'U8'
          return [name, { shape, dtype }] as const
        })
        const { bytes, dataBytes } = safetensorsHeader(Object.fromEntries(layouts), metadata)
        const encoded = Buffer.from(encodeSafetensors(tensors, metadata))
        expect(encoded.length).toBe(bytes.length + dataBytes)
        expect(encoded.subarray(0, bytes.length).equals(bytes)).toBe(true)
      }),
    )
  })

  it('ignores metadata of other writers', () => {
    expect(decodeSafetensors(file('{"__metadata__":{"format":"pt"}}  ', 0))).toEqual({ _tag: 'Right', right: {} })
  })

  it('refuses to write values that do not fit their shape', () => {
    expect(() => encodeSafetensors({ w: { shape: [3], values: Float32Array.of(1) } })).toThrow(RangeError)
    expect(() => encodeSafetensors({ __metadata__: { shape: [], values: Float32Array.of(1) } })).toThrow(RangeError)
  })
})
