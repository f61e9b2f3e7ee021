import { createHash, type Hash } from 'node:crypto'
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { namesText } from '@cpnas/core'
import {
  type DatasetPair,
  DatasetReadError,
  type ImageFolder,
  type LabelledImages,
  type RecordDataset,
} from './dataset.js'
import { badFile, codeOf } from './files.js'

/** A class as a run was begun with it. */
export interface ClassFingerprint {
  readonly name: string
  /** Images. */
  readonly train: number
  readonly test: number
  /** The first 128 bits of a SHA-256 over its images, in hexadecimal. */
  readonly digest: string
}

/** Identifies a data set by its content, wherever it is. */
export interface DataFingerprint {
  /** Of what the digests are: the content of every image, or, for folders of more than 512 MiB, the path, size and time of every file. */
  readonly by: 'content' | 'listing'
  /** Of all classes in their order. */
  readonly digest: string
  readonly classes: readonly ClassFingerprint[]
}

const mostContent = 512 * 2 ** 20
const chunk = 512

type Halves = 'train' | 'test'
const halves: readonly Halves[] = ['train', 'test']

const shortened = (hash: Hash): string => hash.digest('hex').slice(0, 32)

const countsOf = ({ labels, classNames }: LabelledImages): readonly number[] => {
  const counts = classNames.map(() => 0)
  for (const label of labels) counts[label]!++
  return counts
}

const isFolder = (set: RecordDataset | ImageFolder): set is ImageFolder => 'load' in set

/** Yields, so that signals are handled while much is read. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const addRecords = async (set: RecordDataset, half: Halves, hashes: readonly Hash[]): Promise<void> => {
  const size = set.height * set.width * set.channels
  const bytes = new Uint8Array(Math.min(chunk, set.count) * size)
  for (let begin = 0; begin < set.count; begin += chunk) {
    const indices = Array.from({ length: Math.min(chunk, set.count - begin) }, (_, i) => begin + i)
    set.read(indices, bytes)
    for (const [i, index] of indices.entries())
      hashes[set.labels[index]!]!.update(half).update(bytes.subarray(i * size, (i + 1) * size))
    await breathe()
  }
}

interface FileFacts {
  readonly size: number
  readonly mtimeMs: number
}

const readError = (path: string, error: unknown): DatasetReadError =>
  new DatasetReadError(
    badFile(path, `cannot be read (${codeOf(error)})`, 'Check its permissions and the disk it is on'),
  )

const factsOf = async (set: ImageFolder): Promise<readonly FileFacts[]> => {
  const facts: FileFacts[] = []
  for (const [i, path] of set.paths.entries()) {
    try {
      const content = set.contents?.[i]
      // Ten times as fast as to await each: there may be a million of them.
      facts.push(content === undefined ? statSync(path) : { size: content.length, mtimeMs: 0 })
    } catch (error) {
      throw readError(path, error)
    }
    if (i % chunk === 0) await breathe()
  }
  return facts
}

const contentOf = async (set: ImageFolder, i: number): Promise<Uint8Array> => {
  const path = set.paths[i]!
  try {
    return set.contents?.[i] ?? (await readFile(path))
  } catch (error) {
    throw readError(path, error)
  }
}

const addFolder = async (
  set: ImageFolder,
  half: Halves,
  by: DataFingerprint['by'],
  facts: readonly FileFacts[],
  hashes: readonly Hash[],
): Promise<void> => {
  for (const [i, path] of set.paths.entries()) {
    const hash = hashes[set.labels[i]!]!
    // A place in a file of many is in the order of the images already.
    if (set.contents === undefined)
      hash.update(`${half}\n${relative(set.directory, path).split(sep).slice(1).join('/')}\n`)
    else hash.update(half)
    if (by === 'content') hash.update(await contentOf(set, i))
    else hash.update(`${facts[i]!.size} ${facts[i]!.mtimeMs}\n`)
  }
}

/**
 * The fingerprint of a pair of data sets: its classes in their order, the numbers of their images, and a digest of each class. The content
 * of all images is read where it is at most 512 MiB. Throws DatasetReadError.
 */
export const fingerprintOf = async (pair: DatasetPair): Promise<DataFingerprint> => {
  const { classNames } = pair.train
  const hashes = classNames.map(() => createHash('sha256'))
  const facts = new Map<Halves, readonly FileFacts[]>()
  let bytes = 0
  for (const half of halves) {
    const set = pair[half]
    if (!isFolder(set)) continue
    const all = await factsOf(set)
    facts.set(half, all)
    for (const { size } of all) bytes += size
  }
  const by = bytes > mostContent ? 'listing' : 'content'
  for (const half of halves) {
    const set = pair[half]
    if (isFolder(set)) await addFolder(set, half, by, facts.get(half)!, hashes)
    else await addRecords(set, half, hashes)
  }
  const [train, test] = halves.map(half => countsOf(pair[half])) as [readonly number[], readonly number[]]
  const classes = classNames.map((name, k) => ({
    name,
    train: train[k]!,
    test: test[k]!,
    digest: shortened(hashes[k]!),
  }))
  return { by, digest: shortened(createHash('sha256').update(JSON.stringify(classes))), classes }
}

const countText = ({ train, test }: ClassFingerprint): string => `${train} training and ${test} test images`

/** In what data differ from those they should be, in words that follow "it has"; undefined if they are the same. */
export const differenceOf = (
  wanted: Pick<DataFingerprint, 'by' | 'digest' | 'classes'>,
  found: DataFingerprint,
): string | undefined => {
  if (wanted.by === found.by && wanted.digest === found.digest) return undefined
  const [names, foundNames] = [wanted.classes, found.classes].map(classes => classes.map(({ name }) => name)) as [
    string[],
    string[],
  ]
  if (JSON.stringify(names) !== JSON.stringify(foundNames)) {
    const [missing, added] = [
      names.filter(name => !foundNames.includes(name)),
      foundNames.filter(name => !names.includes(name)),
    ]
    if (missing.length === 0 && added.length === 0) return 'the same classes in another order'
    return [
      ...(missing.length > 0 ? [`no class ${namesText(missing)}`] : []),
      ...(added.length > 0 ? [`${missing.length > 0 ? 'but ' : ''}the class ${namesText(added)}`] : []),
    ].join(' ')
  }
  const k = wanted.classes.findIndex(
    (one, i) => one.train !== found.classes[i]!.train || one.test !== found.classes[i]!.test,
  )
  if (k >= 0) return `${countText(found.classes[k]!)} of the class ${names[k]}, not ${countText(wanted.classes[k]!)}`
  const other = wanted.classes.filter((one, i) => one.digest !== found.classes[i]!.digest).map(({ name }) => name)
  return wanted.by === found.by && found.by === 'content'
    ? `other images of the class ${namesText(other)}`
    : `files of other names, sizes or times of the class ${namesText(other)}`
}
