import { BinaryReader } from '@bufbuild/protobuf/wire'
import { referenceBackend, type StoredTensors } from '@cpnas/backends'
import { toOnnx } from '@cpnas/export'
import { type NetworkKind, network } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import fc from 'fast-check'
import * as ort from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { version } from '../../src/version.js'
import { heads, imageOf, modelOf } from '../support/models.js'

const batch = 2

/** Images [batch, height, width, channels] of seeds. */
const imagesOf = (model: Model, seed: number): Float32Array => {
  const images = Array.from({ length: batch }, (_, i) => imageOf(model, seed + i))
  return Float32Array.from(images.flatMap(image => [...image]))
}

const reference = async (model: Model, images: Float32Array): Promise<ArrayLike<number>> => {
  const backend = referenceBackend()
  const tensors = (record: StoredTensors) =>
    Object.fromEntries(Object.entries(record).map(([name, t]) => [name, backend.tensor(t.values, t.shape)]))
  const { height, width, channels } = model.image
  const forward = network(model.spec, model.genotype, model.kind, { filters: 'given' })
  const x = backend.tensor(images, [batch, height, width, channels])
  return backend.read(forward(backend, tensors(model.parameters), x, { statistics: tensors(model.statistics) }).logits)
}

const channelsFirst = (images: Float32Array, pixels: number, channels: number): Float32Array =>
  Float32Array.from(images, (_, i) => {
    const image = Math.floor(i / (pixels * channels))
    const channel = Math.floor(i / pixels) % channels
    return images[(image * pixels + (i % pixels)) * channels + channel]!
  })

const byOnnx = async (model: Model, images: Float32Array): Promise<ArrayLike<number>> => {
  const { height, width, channels } = model.image
  const session = await ort.InferenceSession.create(toOnnx(model), { intraOpNumThreads: 1, logSeverityLevel: 3 })
  const x = channelsFirst(images, height * width, channels)
  const { scores } = await session.run({ images: new ort.Tensor('float32', x, [batch, channels, height, width]) })
  expect(scores!.dims).toEqual([batch, model.spec.classes])
  return scores!.data as Float32Array
}

/**
 * The largest difference of two scores, in parts of the largest score, or of 1 if that is more. Normalizations by small variances enlarge
 * roundings: of 10,000 Parents one is 1e-4 apart. A wrong operation changes scores by far more than 1e-3.
 */
const distance = async (kind: NetworkKind, head: Parameters<typeof modelOf>[0], seed: number): Promise<number> => {
  const model = await modelOf({ ...head, kind }, seed)
  const images = imagesOf(model, seed)
  const [expected, found] = [await reference(model, images), await byOnnx(model, images)]
  const differences = Array.from(expected, (x, i) => Math.abs(x - found[i]!))
  return Math.max(...differences) / Math.max(1, ...Array.from(expected, Math.abs))
}

test('onnxruntime gives the scores of a Parent', async () => {
  await fc.assert(
    fc.asyncProperty(heads, fc.nat(1000), async (head, seed) => {
      expect(await distance('parent', head, seed)).toBeLessThan(1e-3)
    }),
    { numRuns: 25 },
  )
})

test('onnxruntime gives the scores of a Child, but of a few, where a rounding decides a sign', async () => {
  const distances: number[] = []
  await fc.assert(
    fc.asyncProperty(heads, fc.nat(1000), async (head, seed) => {
      distances.push(await distance('child', head, seed))
    }),
    { numRuns: 40 },
  )
  const apart = distances.filter(d => !(d < 1e-3)).length
  console.log(`ONNX: ${apart} of ${distances.length} Children have a sign that a rounding decided`)
  expect(apart).toBeLessThanOrEqual(distances.length / 4)
})

/** The metadata_props (field 14) of a ModelProto, each a key (1) and a value (2). */
const metadataOf = (bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  const found: Record<string, unknown> = {}
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field !== 14) reader.skip(type, field)
    else {
      const entry = new BinaryReader(reader.bytes())
      const texts: string[] = []
      while (entry.pos < entry.len) {
        entry.tag()
        texts.push(entry.string())
      }
      found[texts[0]!] = JSON.parse(texts[1]!)
    }
  }
  return found
}

test('the file says what its images have to be like and what its scores mean', async () => {
  const [head] = fc.sample(heads, { numRuns: 1, seed: 1 })
  const model = await modelOf(head!, 0)
  const { classNames: classes, image, normalization } = model
  const madeBy = `cpnas ${version}`
  expect(metadataOf(toOnnx(model))).toEqual({ classes, image, normalization, madeBy })
  const trainedOn = { dataset: 'image-folder', digest: '0', shortSide: 37 }
  expect(metadataOf(toOnnx({ ...model, trainedOn }, { licence: 'MIT' }))).toEqual({
    classes,
    image,
    normalization,
    trainedOn,
    madeBy,
    licence: 'MIT',
  })
})
