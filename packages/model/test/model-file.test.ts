import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  decodeModel,
  decodeSafetensorsFile,
  encodeModel,
  encodeSafetensors,
  readModel,
  type SafetensorsFile,
  writeModel,
} from '@cpnas/model'
import type { Model } from '@cpnas/training'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cellOf, heads, modelOf, small } from './support/models.js'

const right = <A>(either: { readonly _tag: string; readonly right?: A; readonly left?: unknown }): A => {
  expect(either).toMatchObject({ _tag: 'Right' })
  return either.right!
}

const bits = (tensors: Model['parameters']) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, values }]) => [
      name,
      `${shape} ${Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex')}`,
    ]),
  )

/** Model files are sealed by a checksum: a file that is wrong in another way has to be sealed again. */
const sealed = ({ tensors, metadata }: SafetensorsFile): Uint8Array => {
  const file = encodeSafetensors(tensors, { ...metadata, sha256: '0'.repeat(64) })
  const hash = createHash('sha256').update(file).digest('hex')
  return encodeSafetensors(tensors, { ...metadata, sha256: hash })
}

const edited = (edit: (file: SafetensorsFile) => SafetensorsFile, model = small()): Uint8Array =>
  sealed(edit(right(decodeSafetensorsFile(encodeModel(model)))))

const withMetadata = (metadata: Readonly<Record<string, string>>) =>
  edited(file => ({ ...file, metadata: { ...file.metadata, ...metadata } }))

const withTensors = (tensors: SafetensorsFile['tensors'], model = small()) =>
  edited(file => ({ ...file, tensors: { ...file.tensors, ...tensors } }), model)

const floats = (...values: readonly number[]) => ({ shape: [values.length], values: Float32Array.from(values) })

/** As another program writes a safetensors file: the header's names in their order, the values where they were. */
const savedAgain = (file: Uint8Array, change: (metadata: Record<string, string>) => void = () => {}): Uint8Array => {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  const { __metadata__: metadata, ...tensors } = JSON.parse(Buffer.from(file.subarray(8, 8 + length)).toString())
  const words = Object.fromEntries(Object.entries(metadata as Record<string, string>).reverse())
  change(words)
  const header = Buffer.from(
    JSON.stringify({ ...Object.fromEntries(Object.entries(tensors).reverse()), __metadata__: words }),
  )
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([size, header, file.subarray(8 + length)])
}

describe('a model file', () => {
  it('that another program saved again is the same model, unless it changed something', () => {
    const model = small()
    const file = encodeModel(model)
    const again = savedAgain(file)
    expect(again).not.toEqual(Buffer.from(file))
    expect(right(decodeModel(again))).toEqual(right(decodeModel(file)))
    const renamed = savedAgain(file, words => {
      words.classes = words.classes!.replace(model.classNames[0]!, 'x')
    })
    expect(decodeModel(renamed)).toEqual({
      _tag: 'Left',
      left: 'is damaged or was changed: its content does not have the hash it names',
    })
    again[again.length - 1]! ^= 1
    expect(decodeModel(again)).toMatchObject({ _tag: 'Left' })
  })

  it('knows what its network was trained on, where that was said', () => {
    for (const trainedOn of [
      { dataset: 'cifar10', digest: 'abc' },
      { dataset: 'image-folder', digest: 'd', shortSide: 37 },
    ])
      expect(right(decodeModel(encodeModel({ ...small(), trainedOn }))).trainedOn).toEqual(trainedOn)
    expect(right(decodeModel(encodeModel(small())))).not.toHaveProperty('trainedOn')
    expect(decodeModel(withMetadata({ trainedOn: '{"dataset":1}' }))).toMatchObject({
      left: expect.stringContaining('does not name a data set and its digest'),
    })
  })

  it('gives back the model, its numbers bit for bit', () => {
    fc.assert(
      fc.property(heads, head => {
        const model = modelOf(head)
        const { parameters, statistics, spec, ...rest } = right(decodeModel(encodeModel(model)))
        const { auxiliary: _, ...given } = head.spec
        expect(spec).toMatchObject(given)
        expect(rest).toEqual({
          genotype: head.genotype,
          kind: head.kind,
          classNames: head.classNames,
          image: head.image,
          normalization: { mean: head.normalization.mean.map(x => x + 0), std: head.normalization.std.map(x => x + 0) },
        })
        expect(bits(parameters)).toEqual(bits(model.parameters))
        expect(bits(statistics)).toEqual(bits(model.statistics))
        expect(Object.keys(parameters)).toEqual(Object.keys(model.parameters))
      }),
      { numRuns: 40 },
    )
  })

  it('is the same file when what was read is written', () => {
    fc.assert(
      fc.property(heads, head => {
        const file = encodeModel(modelOf(head))
        expect(Buffer.from(encodeModel(right(decodeModel(file)))).equals(file)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('keeps zeros of either sign, in filters and elsewhere', () => {
    const model = small()
    const name = 'cells.0.inputs.0.pointwise'
    const { shape, values } = model.parameters[name]!
    const zeros = values.map((_, i) => (i % 3 === 0 ? -0 : 0))
    const parameters = { ...model.parameters, [name]: { shape, values: zeros }, 'head.bias': floats(-0, 0, -1) }
    const read = right(decodeModel(encodeModel({ ...model, parameters })))
    expect(bits(read.parameters)).toEqual(bits(parameters))
  })

  it('packs eight signs a byte, the first in the lowest bit, and one scale a channel', () => {
    const model = small('child', { channels: 1 })
    const name = 'cells.0.inputs.0.pointwise'
    const [values, scale] = [Float32Array.of(-0.5, 0.5, 0.5), 0.5]
    const file = encodeModel({ ...model, parameters: { ...model.parameters, [name]: { shape: [1, 1, 3, 1], values } } })
    const { tensors, metadata } = right(decodeSafetensorsFile(file))
    expect(tensors[`${name}.signs`]).toEqual({ shape: [1], values: Uint8Array.of(0b110) })
    expect(tensors[`${name}.scale`]).toEqual({ shape: [1], values: Float32Array.of(scale) })
    expect(tensors).not.toHaveProperty([name])
    expect(metadata).toMatchObject({ format: 'cpnas-model', version: '1', kind: 'child' })
    expect(JSON.parse(metadata.classes!)).toEqual(['ant', 'bee', 'cat'])
    expect(JSON.parse(metadata.genotype!)).toMatchObject({ space: 'cp-nas', normal: model.genotype.normal })
  })

  it('rounds float64 to float32', () => {
    const model = small('parent')
    const values = Float64Array.of(0.1, 1, 1e-50)
    const read = right(
      decodeModel(encodeModel({ ...model, parameters: { ...model.parameters, 'head.bias': { shape: [3], values } } })),
    )
    expect(read.parameters['head.bias']!.values).toEqual(Float32Array.of(0.1, 1, 0))
  })

  it('has no auxiliary head', () => {
    const model = small('child', { auxiliary: true })
    expect(right(decodeModel(encodeModel(model))).spec).not.toHaveProperty('auxiliary')
    const head = { 'auxiliary.weights': floats(1) }
    expect(() => encodeModel({ ...model, parameters: { ...model.parameters, ...head } })).toThrow(
      'its network has no auxiliary.weights',
    )
  })

  it.each([
    [
      'a filter of three magnitudes',
      { 'cells.0.inputs.0.pointwise': { shape: [1, 1, 6, 2], values: new Float32Array(12).map((_, i) => i) } },
      /no 1-bit filter: 2 where 0/,
    ],
    [
      'a filter that is no number',
      { 'cells.0.inputs.0.pointwise': { shape: [1, 1, 6, 2], values: new Float32Array(12).fill(Number.NaN) } },
      /no 1-bit filter: NaN/,
    ],
    [
      'an infinite filter',
      { 'cells.0.inputs.0.pointwise': { shape: [1, 1, 6, 2], values: new Float32Array(12).fill(-Infinity) } },
      /no 1-bit filter: -Infinity/,
    ],
    ['another shape', { 'head.bias': floats(1, 2) }, /head.bias has shape \[2\], its network needs \[3\]/],
    ['a parameter of no layer', { extra: floats(1) }, /has no extra/],
  ])('is refused to %s', (_, parameters, words) => {
    const model = small()
    expect(() => encodeModel({ ...model, parameters: { ...model.parameters, ...parameters } })).toThrow(words)
  })

  it.each([
    ['a missing parameter', { parameters: {} }, /stem.* is missing/],
    ['missing statistics', { statistics: {} }, /stem.mean is missing/],
    ['too few class names', { classNames: ['ant'] }, /not 3 names/],
    ['images of other channels', { image: { height: 8, width: 8, channels: 3 } }, /1 channels/],
    ['a normalization that is no number', { normalization: { mean: [Number.NaN], std: [1] } }, /normalization/],
    ['no cells', { spec: { ...small().spec, cells: 0 } }, /spec: cells: 0 is out of range/],
    [
      'an unknown operation',
      { genotype: { normal: cellOf('none').with(3, 'conv' as 'none'), reduce: cellOf('none') } },
      /conv.*edge 3/,
    ],
  ])('is refused to a model with %s', (_, wrong, words) => {
    expect(() => encodeModel({ ...small(), ...wrong })).toThrow(RangeError)
    expect(() => encodeModel({ ...small(), ...wrong })).toThrow(words)
  })

  it('is scaled by layer if that is its spec', () => {
    const model = small('child', { scale: 'layer' })
    const { tensors } = right(decodeSafetensorsFile(encodeModel(model)))
    expect(tensors['cells.0.inputs.0.pointwise.scale']!.shape).toEqual([1])
    const { spec, ...rest } = small()
    expect(() => encodeModel({ ...rest, spec: { ...spec, scale: 'layer' } })).toThrow(/no 1-bit filter/)
  })

  it.each([
    ['no safetensors file', new Uint8Array(3), /not a safetensors file that can be read: it is 3 bytes long/],
    ['other tensors', encodeSafetensors({ w: floats(1) }), /none of a cpnas model/],
    ['another format', encodeSafetensors({}, { format: 'pt' }), /none of a cpnas model/],
    ['another version', withMetadata({ version: '2' }), /format version 2, this program reads 1/],
    ['a spec out of range', withMetadata({ spec: '{"cells":3}' }), /spec: channels: is missing/],
    ['a spec of unknown options', withMetadata({ spec: '{"cellz":3}' }), /spec: cellz: is no option/],
    ['a spec that is no JSON', withMetadata({ spec: '{' }), /spec is not JSON/],
    ['no genotype', withMetadata({ genotype: '{}' }), /genotype: "space" is missing/],
    ['another kind', withMetadata({ kind: 'teacher' }), /kind is "teacher"/],
    ['classes that are no names', withMetadata({ classes: '[1,2,3]' }), /not 3 names/],
    ['an image of no size', withMetadata({ image: '{"height":0,"width":8,"channels":1}' }), /image/],
    [
      'a normalization of other channels',
      withMetadata({ normalization: '{"mean":[1,2],"std":[1,2]}' }),
      /normalization/,
    ],
    [
      'a tensor of another shape',
      withTensors({ 'head.bias': floats(1, 2) }),
      /head.bias as F32 \[2\], its network needs F32 \[3\]/,
    ],
    [
      'a tensor of another type',
      withTensors({ 'head.bias': { shape: [3], values: new Float64Array(3) } }),
      /head.bias as F64 \[3\], .* F32 \[3\]/,
    ],
    ['a tensor too many', withTensors({ extra: floats(1) }), /extra, which its network does not have/],
    [
      'a negative scale',
      withTensors({ 'cells.0.inputs.0.pointwise.scale': floats(1, -1) }),
      /scale -1 in cells.0.inputs.0/,
    ],
    ['an infinite scale', withTensors({ 'cells.0.inputs.0.pointwise.scale': floats(Infinity, 1) }), /scale Infinity/],
    [
      'a scale that is no number',
      withTensors({ 'cells.0.inputs.0.pointwise.scale': floats(1, Number.NaN) }),
      /scale NaN/,
    ],
    [
      'signs after the last',
      withTensors({ 'cells.0.inputs.0.pointwise.signs': { shape: [2], values: Uint8Array.of(1, 16) } }),
      /more signs/,
    ],
    [
      'a tensor too few',
      edited(({ metadata, tensors: { 'stem.mean': _, ...tensors } }) => ({ metadata, tensors })),
      /lacks the tensor stem.mean/,
    ],
  ])('with %s is told', (_, file, words) => {
    expect(decodeModel(file)).toEqual({ _tag: 'Left', left: expect.stringMatching(words) })
  })

  it('of another version is told even when damaged', () => {
    const file = withMetadata({ version: '12' })
    file[file.length - 1]! ^= 1
    expect(decodeModel(file)).toMatchObject({ left: expect.stringContaining('version 12') })
  })

  const file = encodeModel(small())

  it('is never taken for a model when any byte has changed', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(file)
        damaged[at]! ^= change
        expect(decodeModel(damaged)._tag).toBe('Left')
      }),
      { numRuns: 1500 },
    )
  })

  it('is never taken for a model when bytes have been cut off, added or exchanged', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.uint8Array({ maxLength: 20 }), fc.nat(file.length), (at, bytes, skip) => {
        const damaged = Buffer.concat([file.subarray(0, at), bytes, file.subarray(at + skip)])
        fc.pre(!damaged.equals(file))
        expect(decodeModel(damaged)._tag).toBe('Left')
      }),
      { numRuns: 300 },
    )
  })

  it('is never an exception, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(decodeModel(bytes)._tag).toBe('Left')
      }),
    )
  })
})

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'cpnas-model-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

describe('readModel', () => {
  it('reads what writeModel wrote', async () => {
    const directory = temporary()
    const path = join(directory, 'deep', 'model.safetensors')
    expect(await writeModel(path, small())()).toMatchObject({ _tag: 'Right' })
    expect(readdirSync(join(directory, 'deep'))).toEqual(['model.safetensors'])
    expect(bits(right(await readModel(path)()).parameters)).toEqual(bits(small().parameters))
  })

  it('names the file that is not there or no model', async () => {
    const path = join(temporary(), 'model.safetensors')
    expect(await readModel(path)()).toMatchObject({
      left: { _tag: 'InvalidModel', where: path, problem: expect.stringContaining('cannot be read (ENOENT') },
    })
    writeFileSync(path, 'something else')
    expect(await readModel(path)()).toMatchObject({
      left: {
        _tag: 'InvalidModel',
        where: path,
        problem: expect.stringContaining('not a safetensors file that can be read'),
      },
    })
  })
})
