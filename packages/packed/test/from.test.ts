import { check, encode, from, type PackedModel } from '@cpnas/packed'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { joined, type Parts, partsOf, sealed } from './support/files.js'
import { models } from './support/programs.js'

const tagOf = (bytes: Uint8Array): string => {
  const model = from(bytes)
  return model._tag === 'Left' ? model.left._tag : 'Right'
}

const files = models.map(encode)

const byte = fc.nat({ max: 255 })

it('every flipped byte is found', () => {
  const [file] = fc.sample(
    files.filter(({ length }) => length < 600),
    { numRuns: 1, seed: 1 },
  ) as [Uint8Array]
  for (let at = 0; at < file.length; at++)
    for (const mask of [1, 0x80, 0xff]) {
      const flipped = file.with(at, file[at]! ^ mask)
      expect(tagOf(flipped), `byte ${at}`).not.toBe('Right')
    }
  fc.assert(
    fc.property(files, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, mask) => {
      const i = at % bytes.length
      expect(tagOf(bytes.with(i, bytes[i]! ^ mask))).not.toBe('Right')
    }),
  )
})

it('a file that was cut off is told from one that never was one', () => {
  fc.assert(
    fc.property(files, fc.nat(), (bytes, length) => {
      const cut = length % bytes.length
      expect(tagOf(bytes.slice(0, cut))).toBe(cut < 24 ? 'TooShort' : 'Truncated')
    }),
  )
})

it('bytes after the end are found', () => {
  fc.assert(
    fc.property(files, fc.uint8Array({ minLength: 1 }), (bytes, more) => {
      expect(tagOf(joined(bytes, more))).toBe('TrailingBytes')
    }),
  )
})

it('random bytes are no model', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      expect(tagOf(bytes)).toMatch(/^(TooShort|WrongMagic)$/)
    }),
  )
})

/** Some numbers of a part replaced, some cut out, some put in. */
const damaged = (part: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.record({ at: fc.nat(), remove: fc.nat({ max: 4 }), insert: fc.array(byte, { maxLength: 4 }) }), {
      maxLength: 3,
    })
    .map(edits =>
      edits.reduce((bytes, { at, remove, insert }) => {
        const first = at % (bytes.length + 1)
        return joined(bytes.subarray(0, first), insert, bytes.subarray(first + remove))
      }, part),
    )

const nonsense: fc.Arbitrary<Parts> = models
  .map(model => partsOf(encode(model)))
  .chain(({ metadata, records, data }) =>
    fc.oneof(
      fc.record({ metadata: damaged(metadata), records: fc.constant(records), data: fc.constant(data) }),
      fc.record({ metadata: fc.constant(metadata), records: damaged(records), data: fc.constant(data) }),
      fc.record({ metadata: fc.constant(metadata), records: fc.constant(records), data: damaged(data) }),
      fc.record({ metadata: damaged(metadata), records: damaged(records), data: damaged(data) }),
      fc.record({
        metadata: fc.json().map(json => new TextEncoder().encode(json)),
        records: fc.uint8Array({ maxLength: 60 }),
        data: fc.uint8Array({ maxLength: 60 }),
      }),
    ),
  )
  // The parts' lengths fit, or the first thing to be found would always be that they do not.
  .map(({ metadata, records, data }) => {
    const even = records.subarray(0, records.length & ~1)
    const spaces = (4 - ((metadata.length + even.length) % 4)) % 4
    return { metadata: joined(metadata, Array<number>(spaces).fill(0x20)), records: even, data }
  })

/** A model that was read: one that `check` passes and that comes back from its own file. */
const expectValid = (model: PackedModel): void => {
  expect(check(model.program)._tag).toBe('Right')
  expect(from(encode(model))).toEqual({ _tag: 'Right', right: model })
}

it('nonsense under a right checksum is refused, or makes a valid model; nothing is thrown', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(nonsense, parts => {
      const model = from(sealed(parts))
      seen.add(model._tag === 'Left' ? model.left._tag : 'Right')
      if (model._tag === 'Right') expectValid(model.right)
      else expect(model.left.message).toMatch(/^(file|metadata|image|program|data|step \d+)\b.*: ./s)
    }),
    { numRuns: 1000 },
  )
  // Or the property would speak of a few first checks only.
  expect(seen.size).toBeGreaterThan(10)
})

it('what lies before and after the bytes in their buffer is not read', () => {
  const bytes = fc.oneof(files, nonsense.map(sealed))
  fc.assert(
    fc.property(bytes, fc.nat({ max: 9 }), byte, byte, (file, offset, before, after) => {
      const buffer = new Uint8Array(offset + file.length + 40).fill(before, 0, offset).fill(after, offset)
      buffer.set(file, offset)
      const inside = from(buffer.subarray(offset, offset + file.length))
      expect(inside).toEqual(from(file))
      if (inside._tag === 'Right' && offset % 4 === 0)
        for (const step of inside.right.program.steps)
          for (const tensor of Object.values(step))
            if (ArrayBuffer.isView(tensor)) {
              expect(tensor.byteOffset).toBeGreaterThanOrEqual(offset)
              expect(tensor.byteOffset + tensor.byteLength).toBeLessThanOrEqual(offset + file.length)
            }
    }),
  )
})

it('shared memory is read as well', () => {
  const [file] = fc.sample(files, { numRuns: 1, seed: 2 }) as [Uint8Array]
  const shared = new Uint8Array(new SharedArrayBuffer(file.length))
  shared.set(file)
  expect(from(shared)).toEqual(from(file))
})
