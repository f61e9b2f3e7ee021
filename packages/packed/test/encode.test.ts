import { byteLengths, encode, from, type PackedModel } from '@cpnas/packed'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { records, sealed, text } from './support/files.js'
import { models } from './support/programs.js'

const read = (bytes: Uint8Array | ArrayBuffer): PackedModel => {
  const model = from(bytes)
  if (model._tag === 'Left') throw new Error(model.left.message)
  return model.right
}

const finite = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true })

it('what is read is what was written, bit for bit', () => {
  fc.assert(
    fc.property(models, model => {
      const bytes = encode(model)
      const { metadata, program } = read(bytes)
      expect(program).toEqual(model.program)
      expect(metadata).toEqual(model.metadata)
      expect(encode({ metadata, program })).toEqual(bytes)
    }),
  )
})

it('floats of every size, -0 among them, come back', () => {
  fc.assert(
    fc.property(finite(3), finite(3), (weights, bias) => {
      const model: PackedModel = {
        metadata: { classes: ['a', 'b', 'c'], normalization: { mean: [0], std: [1] } },
        program: {
          image: { height: 1, width: 1, channels: 1 },
          steps: [{ kind: 'classifier', inputs: [0], weights, bias }],
        },
      }
      expect(read(encode(model)).program).toEqual(model.program)
    }),
  )
})

it('the same model gives the same bytes, whatever the order of its fields', () => {
  const reversed = <A extends object>(object: A): A => Object.fromEntries(Object.entries(object).reverse()) as A
  fc.assert(
    fc.property(models, ({ metadata, program }) => {
      const again = { metadata: reversed(metadata), program: { ...program, steps: program.steps.map(reversed) } }
      expect(encode(again)).toEqual(encode({ metadata, program }))
    }),
  )
})

it('an array buffer serves as well, and tensors are views of it', () => {
  fc.assert(
    fc.property(models, model => {
      const { buffer } = encode(model)
      const { program } = read(buffer as ArrayBuffer)
      expect(program).toEqual(model.program)
      const last = program.steps.at(-1)!
      expect(last.kind === 'classifier' && last.weights.buffer).toBe(buffer)
    }),
  )
})

it('byte lengths add up to the file', () => {
  fc.assert(
    fc.property(models, model => {
      const { header, metadata, image, steps, total } = byteLengths(model)
      expect(total).toBe(encode(model).length)
      expect(steps.length).toBe(model.program.steps.length)
      expect(steps.reduce((sum, { records, data }) => sum + records + data, header + metadata + image)).toBe(total)
    }),
  )
})

it('a file written by hand, byte by byte', () => {
  const model: PackedModel = {
    metadata: { classes: ['é'], normalization: { mean: [0.5, 0], std: [1, 2] }, source: 'run' },
    program: {
      image: { height: 3, width: 2, channels: 2 },
      steps: [
        { kind: 'sign', input: 0 },
        {
          kind: 'binary-convolution',
          inputs: [1],
          window: { size: 1, stride: 2, dilation: 3, shift: 1 },
          signs: Uint8Array.of(0b10),
          thresholds: Int16Array.of(-2),
        },
        {
          kind: 'sum',
          height: 2,
          width: 1,
          bias: Float32Array.of(1, -2),
          terms: [
            {
              kind: 'binary-convolution',
              inputs: [2, 2],
              window: { size: 3, stride: 1, dilation: 1, shift: 0 },
              signs: Uint8Array.of(1, 2, 3),
              scale: Float32Array.of(0.5),
              channel: 1,
            },
          ],
        },
        {
          kind: 'sum',
          height: 3,
          width: 2,
          bias: Float32Array.of(0, 0),
          terms: [
            {
              kind: 'convolution',
              inputs: [0],
              window: { size: 1, stride: 1, dilation: 1, shift: 0 },
              relu: true,
              filters: Float32Array.of(1, 2),
              outputs: 1,
              channel: 0,
            },
            { kind: 'identity', input: 0 },
          ],
        },
        { kind: 'classifier', inputs: [3], weights: Float32Array.of(3, 4), bias: Float32Array.of(5) },
      ],
    },
  }
  const program = records(
    ...[3, 2, 2],
    // one input: value 0
    ...[1 | (1 << 8), 0],
    // window: half 0, stride - 1, dilation - 1, shift; 1 output; value 1
    ...[3 | (1 << 8), 0 | (1 << 6) | (2 << 10) | (1 << 15), 1, 1],
    // one term; of two inputs, 3x3, 1 output from channel 1 on, value 2 twice
    ...[0 | (1 << 8), 2, 1, 2, ...[0 | (2 << 8), 1, 1, 1, 2, 2]],
    // two terms; the first with relu
    ...[0 | (2 << 8), 3, 2, 2, ...[1 | 0x80 | (1 << 8), 0, 1, 0, 0], ...[4 | (1 << 8), 0]],
    // 1 class; value 3
    ...[5 | (1 << 8), 1, 3],
  )
  const floats = (...values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer)
  const data = [
    ...[0b10, 0, ...new Uint8Array(Int16Array.of(-2).buffer)],
    ...[...floats(1, -2), 1, 2, 3, 0, ...floats(0.5)],
    ...floats(0, 0, 1, 2),
    ...floats(3, 4, 5),
  ]
  const metadata = text('{"classes":["é"],"normalization":{"mean":[0.5,0],"std":[1,2]},"source":"run"}', program.length)
  expect(encode(model)).toEqual(sealed({ metadata, records: program, data: Uint8Array.from(data) }))
})

it('a program that is none, and metadata that do not fit it, are refused', () => {
  const program = { image: { height: 1, width: 1, channels: 1 }, steps: [] }
  const metadata = { classes: [], normalization: { mean: [0], std: [1] } }
  expect(() => encode({ metadata, program })).toThrow(RangeError)
  expect(() => byteLengths({ metadata, program })).toThrow('byteLengths: program: its last step, of 0,')
  fc.assert(
    fc.property(models, model => {
      const classes = [...model.metadata.classes, 'one more']
      expect(() => encode({ ...model, metadata: { ...model.metadata, classes } })).toThrow(/^encode: metadata: name/)
    }),
  )
})
