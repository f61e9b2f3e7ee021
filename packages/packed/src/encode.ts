import { verified } from './check.js'
import { demand } from './errors.js'
import { placed, type TypedArray } from './format/data.js'
import { headerBytes, sealed } from './format/header.js'
import { checkedMetadata, metadataBytes } from './format/metadata.js'
import { imageRecords, stepRecords } from './format/records.js'
import { inferStep, outlineOf, type ValueShape } from './outline.js'
import type { PackedModel, Step } from './program.js'

/** Bytes of a step in a file. */
export interface StepBytes {
  /** That say what it is and what it reads. */
  readonly records: number
  /** Of its tensors, with the zeros that come before them. */
  readonly data: number
}

/** The sizes of the parts of a file. */
export interface ByteLengths {
  readonly header: number
  /** With the spaces that fill them up. */
  readonly metadata: number
  /** The size of the image. */
  readonly image: number
  /** Of each step, at its position in the program. */
  readonly steps: readonly StepBytes[]
  /** Of the file: the sum of all these. */
  readonly total: number
}

interface PlacedStep {
  readonly records: readonly number[]
  /** In the order of the file, with the offset of each in the data. */
  readonly tensors: readonly (readonly [number, TypedArray])[]
  /** Where its data begin and end. */
  readonly start: number
  readonly end: number
}

const place = (shapes: readonly ValueShape[], step: Step, index: number, start: number): PlacedStep => {
  const outline = outlineOf(step)
  const owners = step.kind === 'sum' ? [step, ...step.terms] : [step]
  let end = start
  const tensors = inferStep(shapes, outline, index).tensors.flatMap((rules, i) =>
    rules.map(rule => {
      const [offset, next] = placed(end, rule)
      end = next
      return [offset, (owners[i] as unknown as Readonly<Record<string, TypedArray>>)[rule.name]!] as const
    }),
  )
  return { records: stepRecords(outline), tensors, start, end }
}

interface Layout {
  readonly metadata: Uint8Array
  readonly image: readonly number[]
  readonly steps: readonly PlacedStep[]
}

const layoutOf = ({ metadata, program }: PackedModel): Layout => {
  const shapes = verified(program)
  const valid = checkedMetadata(metadata, program)
  const image = imageRecords(program.image)
  const steps: PlacedStep[] = []
  program.steps.forEach((step, i) => {
    steps.push(place(shapes, step, i, steps.at(-1)?.end ?? 0))
  })
  const records = steps.reduce((sum, step) => sum + step.records.length, image.length)
  return { metadata: metadataBytes(valid, 2 * records), image, steps }
}

const recordBytes = (records: readonly number[]): Uint8Array =>
  Uint8Array.from(records.flatMap(record => [record & 255, record >> 8]))

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/**
 * The file of a model, as the README describes it; the same model gives the same bytes. RangeError, with what `check` says, for a
 * program that is none, and for metadata that do not fit it.
 */
export const encode = (model: PackedModel): Uint8Array => {
  const { metadata, image, steps } = demand('encode', () => layoutOf(model))
  const data = new Uint8Array(steps.at(-1)!.end)
  for (const [offset, tensor] of steps.flatMap(step => step.tensors)) data.set(bytesOf(tensor), offset)
  return sealed({ metadata, records: recordBytes([...image, ...steps.flatMap(step => step.records)]), data })
}

/** What each part of the file of a model weighs, to the byte. RangeError as of `encode`. */
export const byteLengths = (model: PackedModel): ByteLengths => {
  const { metadata, image, steps } = demand('byteLengths', () => layoutOf(model))
  const ofSteps = steps.map(({ records, start, end }) => ({ records: 2 * records.length, data: end - start }))
  const weights = { header: headerBytes, metadata: metadata.length, image: 2 * image.length }
  const total = ofSteps.reduce(
    (sum, { records, data }) => sum + records + data,
    weights.header + weights.metadata + weights.image,
  )
  return { ...weights, steps: ofSteps, total }
}
