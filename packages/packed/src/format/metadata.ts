import { fail } from '../errors.js'
import type { PackedMetadata, Program } from '../program.js'
import { headerBytes } from './header.js'

type Fields = Readonly<Record<string, unknown>>

const invalid = (what: string): never => fail('MetadataInvalid', `metadata: ${what}`)

/** The object, if it has no fields but these. A field that a reader does not know might change what the others mean. */
const fieldsOf = (value: unknown, name: string, known: readonly string[]): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid(`${name} must be an object`)
  const unknown = Object.keys(value).find(key => !known.includes(key))
  if (unknown !== undefined)
    invalid(`${name} has the unknown field ${JSON.stringify(unknown)}; known are ${known.join(', ')}`)
  return value as Fields
}

const listOf = <A>(value: unknown, name: string, what: string, is: (item: unknown) => item is A): readonly A[] => {
  if (!Array.isArray(value)) return invalid(`${name} must be an array`)
  const at = value.findIndex(item => !is(item))
  if (at >= 0) invalid(`element ${at} of ${name} must be ${what}`)
  return value
}

const isString = (item: unknown): item is string => typeof item === 'string'
const isFiniteNumber = (item: unknown): item is number => Number.isFinite(item)
const isPositive = (item: unknown): item is number => isFiniteNumber(item) && item > 0

const strings = (value: unknown, name: string) => listOf(value, name, 'a string', isString)

/** The metadata of a program, with fields in their order; fails if they are not of the form or do not fit the program. */
export const checkedMetadata = (value: unknown, { image, steps }: Program): PackedMetadata => {
  const { classes, normalization, genotype, source, madeBy, licence, trainedOn } = fieldsOf(value, 'the whole', [
    'classes',
    'normalization',
    'genotype',
    'source',
    'madeBy',
    'licence',
    'trainedOn',
  ])
  const { mean, std } = fieldsOf(normalization, 'normalization', ['mean', 'std'])
  const metadata = {
    classes: strings(classes, 'classes'),
    normalization: {
      mean: listOf(mean, 'normalization.mean', 'a finite number', isFiniteNumber),
      std: listOf(std, 'normalization.std', 'a positive number', isPositive),
    },
  }
  const last = steps.at(-1)
  const scores = last?.kind === 'classifier' ? last.bias.length : 0
  if (metadata.classes.length !== scores)
    fail(
      'ClassesMismatch',
      `metadata: name ${metadata.classes.length} classes, but the program gives scores of ${scores}`,
    )
  for (const [name, list] of Object.entries(metadata.normalization))
    if (list.length !== image.channels)
      fail(
        'NormalizationMismatch',
        `metadata: normalization.${name} is of ${list.length} channels, but the image has ${image.channels}`,
      )
  const texts = { source, madeBy, licence }
  for (const [name, text] of Object.entries(texts))
    if (text !== undefined && !isString(text)) return invalid(`${name} must be a string`)
  const origin = {
    ...(Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as Record<string, string>),
    ...(trainedOn !== undefined && { trainedOn: trainedOnOf(trainedOn) }),
  }
  if (genotype === undefined) return { ...metadata, ...origin }
  const { normal, reduce } = fieldsOf(genotype, 'genotype', ['normal', 'reduce'])
  return {
    ...metadata,
    genotype: { normal: strings(normal, 'genotype.normal'), reduce: strings(reduce, 'genotype.reduce') },
    ...origin,
  }
}

const trainedOnOf = (value: unknown): NonNullable<PackedMetadata['trainedOn']> => {
  const { dataset, digest, shortSide } = fieldsOf(value, 'trainedOn', ['dataset', 'digest', 'shortSide'])
  if (!isString(dataset) || !isString(digest)) return invalid('trainedOn must name a dataset and its digest')
  if (shortSide === undefined) return { dataset, digest }
  if (!Number.isSafeInteger(shortSide) || !isPositive(shortSide))
    return invalid('trainedOn.shortSide must be a positive integer')
  return { dataset, digest, shortSide }
}

/** The bytes of metadata, filled with spaces so that the data lie at a multiple of 4 after so many bytes of records. */
export const metadataBytes = (metadata: PackedMetadata, records: number): Uint8Array => {
  const text = new TextEncoder().encode(JSON.stringify(metadata))
  const offset = headerBytes + records
  const bytes = new Uint8Array(Math.ceil((offset + text.length) / 4) * 4 - offset).fill(0x20)
  bytes.set(text)
  return bytes
}

/** What the bytes say; fails if that is no JSON. */
export const parsedMetadata = (bytes: Uint8Array): unknown => {
  try {
    // Of a copy: TextDecoder takes no shared memory.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice()))
  } catch (error) {
    return fail('MetadataNotJson', `metadata: are no JSON in UTF-8 (${(error as Error).message})`)
  }
}
