import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type CpnasError, isRecord } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { FileMetaData } from 'hyparquet'
import { badFile, codeOf } from '../files.js'
import { divide } from '../image-folder/divide.js'
import type { ScannedFolder, ScannedImages } from '../image-folder/scanned.js'
import { byCode } from '../image-folder/walk.js'

// hyparquet: a reader of Apache Parquet in plain JavaScript, without dependencies.

/** Where Hugging Face keeps the files of a data set, below its root. */
const folders = ['', 'data', 'plain_text', 'default', 'cifar10', 'cifar100', 'mnist', 'fashion_mnist'] as const
/** Encoded images are held in memory. */
const mostBytes = 4 * 2 ** 30

const half = { train: /^(train|training)\b/i, test: /^(test|testing|val|valid|validation)\b/i } as const

interface ParquetFiles {
  readonly directory: string
  readonly train: readonly string[]
  readonly test: readonly string[]
}

/** The files of the first folder that has some; without a word for train or test in their names all are for training. */
export const findParquet = async (dir: string): Promise<ParquetFiles | undefined> => {
  for (const folder of folders) {
    const directory = join(dir, folder)
    const all = (await readdir(directory).catch((): string[] => []))
      .filter(name => name.toLowerCase().endsWith('.parquet'))
      .sort(byCode)
    if (all.length === 0) continue
    const test = all.filter(name => half.test.test(name))
    const train = all.filter(name => half.train.test(name))
    return { directory, train: train.length > 0 ? train : all.filter(name => !test.includes(name)), test }
  }
  return undefined
}

class BadParquet extends Error {
  readonly error: CpnasError
  constructor(where: string, problem: string, remedy: string) {
    super(problem)
    this.error = badFile(where, problem, remedy)
  }
}

/** What the `datasets` library writes into a file's metadata of its columns; undefined where another program wrote the file. */
const featuresOf = ({
  key_value_metadata: pairs = [],
}: FileMetaData): Readonly<Record<string, unknown>> | undefined => {
  const text = pairs.find(({ key }) => key === 'huggingface')?.value
  if (text === undefined) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    const info = isRecord(parsed) ? parsed.info : undefined
    const features = isRecord(info) ? info.features : undefined
    return isRecord(features) ? features : undefined
  } catch {
    return undefined
  }
}

interface Columns {
  readonly image: string
  readonly label: string
  /** Undefined where the file does not name its classes. */
  readonly classNames: readonly string[] | undefined
}

const imageColumns = ['image', 'img'] as const
const labelColumns = ['label', 'labels', 'fine_label'] as const

const columnsOf = (path: string, metadata: FileMetaData): Columns => {
  // The first element of the schema is its root; those of a column's parts follow it.
  const names = metadata.schema.slice(1).map(({ name }) => name)
  const features = featuresOf(metadata)
  const typed = (type: string): string | undefined =>
    Object.keys(features ?? {}).find(name => {
      const feature = features?.[name]
      return isRecord(feature) && feature._type === type
    })
  const image = imageColumns.find(name => names.includes(name)) ?? typed('Image')
  const label = labelColumns.find(name => names.includes(name)) ?? typed('ClassLabel')
  if (image === undefined || label === undefined)
    throw new BadParquet(
      path,
      `has no column of ${image === undefined ? 'images (image, img)' : 'labels (label, fine_label)'}; it has ${names.join(', ')}`,
      'Give a data set for image classification',
    )
  const feature = features?.[label]
  const given = isRecord(feature) ? feature.names : undefined
  return {
    image,
    label,
    classNames: Array.isArray(given) ? given.map(name => String(name).normalize('NFC')) : undefined,
  }
}

interface Rows {
  readonly paths: readonly string[]
  readonly contents: readonly Uint8Array[]
  readonly labels: readonly number[]
  readonly classNames: readonly string[] | undefined
}

const bytesOf = (value: unknown): Uint8Array | undefined => {
  const bytes = isRecord(value) && 'bytes' in value ? value.bytes : value
  return bytes instanceof Uint8Array ? bytes : undefined
}

const readFile = async (directory: string, file: string): Promise<Rows> => {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet')
  const path = join(directory, file)
  const buffer = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(buffer)
  const { image, label, classNames } = columnsOf(path, metadata)
  const rows = await parquetReadObjects({ file: buffer, metadata, columns: [image, label], utf8: false })
  const contents: Uint8Array[] = []
  const labels: number[] = []
  for (const [i, row] of rows.entries()) {
    const bytes = bytesOf(row[image])
    const k = Number(row[label])
    if (bytes === undefined)
      throw new BadParquet(
        path,
        `row ${i} (counted from 0) has no bytes of an image in the column ${image}`,
        'Give a copy with the images embedded: the `datasets` library writes one with push_to_hub or to_parquet',
      )
    if (
      row[label] === null ||
      !Number.isSafeInteger(k) ||
      k < 0 ||
      (classNames !== undefined && k >= classNames.length)
    )
      throw new BadParquet(
        path,
        `row ${i} (counted from 0) has the ${label} ${String(row[label])}${classNames === undefined ? '' : `, the classes are 0 to ${classNames.length - 1}`}`,
        'Give a file whose labels are the numbers of its classes',
      )
    contents.push(bytes)
    labels.push(k)
  }
  return { paths: rows.map((_, i) => `${path}, row ${i}`), contents, labels, classNames }
}

const readFiles = async (directory: string, files: readonly string[]): Promise<Rows> => {
  const all: Rows[] = []
  for (const file of files) all.push(await readFile(directory, file))
  const classNames = all[0]?.classNames
  const other = all.findIndex(rows => JSON.stringify(rows.classNames) !== JSON.stringify(classNames))
  if (other >= 0)
    throw new BadParquet(
      join(directory, files[other]!),
      `names other classes than ${files[0]}`,
      'Give the files of one data set',
    )
  return {
    paths: all.flatMap(({ paths }) => paths),
    contents: all.flatMap(({ contents }) => contents),
    labels: all.flatMap(({ labels }) => labels),
    classNames,
  }
}

const imagesOf = (directory: string, { paths, contents, labels }: Rows): ScannedImages => ({
  directory,
  paths,
  contents,
  labels: Uint16Array.from(labels),
})

const checkSize = async ({ directory, train, test }: ParquetFiles): Promise<void> => {
  let bytes = 0
  for (const file of [...train, ...test]) bytes += (await stat(join(directory, file))).size
  if (bytes > mostBytes)
    throw new BadParquet(
      directory,
      `has Parquet files of ${(bytes / 2 ** 30).toFixed(1)} GiB, more than the ${mostBytes / 2 ** 30} GiB that are held in memory`,
      'Write the images as files of their own: train/CLASS/* and val/CLASS/*',
    )
}

const read = async (files: ParquetFiles): Promise<ScannedFolder> => {
  await checkSize(files)
  const { directory } = files
  const train = await readFiles(directory, files.train)
  const test = files.test.length > 0 ? await readFiles(directory, files.test) : undefined
  if (train.labels.length === 0) throw new BadParquet(directory, 'has no rows in its Parquet files', 'Give others')
  if (test !== undefined && JSON.stringify(test.classNames) !== JSON.stringify(train.classNames))
    throw new BadParquet(
      join(directory, files.test[0]!),
      `names other classes than ${files.train[0]}`,
      'Give the files of one data set',
    )
  const largest = [...train.labels, ...(test?.labels ?? [])].reduce((a, b) => Math.max(a, b), 0)
  const classNames = train.classNames ?? Array.from({ length: largest + 1 }, (_, k) => String(k))
  const what = `Parquet files${train.classNames === undefined ? ', which do not name their classes' : ''}`
  const images = imagesOf(directory, train)
  return test === undefined
    ? { classNames, ...divide(images, classNames, what), leftOut: [] }
    : { classNames, train: images, test: imagesOf(directory, test), leftOut: [], layout: what }
}

/**
 * The images of a data set in Parquet files, as the Hugging Face `datasets` library writes them: a column of encoded images (`image` or
 * `img`) and one of class numbers (`label`, `fine_label`). Error InvalidData.
 */
export const scanParquet =
  (dir: string): TaskEither<CpnasError, ScannedFolder> =>
  async () => {
    const files = await findParquet(resolve(dir))
    if (files === undefined) return E.left(badFile(dir, 'has no Parquet files', 'Give the directory that has them'))
    try {
      return E.right(await read(files))
    } catch (error) {
      if (error instanceof BadParquet) return E.left(error.error)
      const code = codeOf(error)
      return E.left(
        badFile(
          files.directory,
          `its Parquet files (${[...files.train, ...files.test].map(file => basename(file)).join(', ')}) cannot be read (${code})`,
          'Check that they are whole; files compressed other than by Snappy have to be written anew',
        ),
      )
    }
  }
