import type { CpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { catalogue } from './catalogue.js'
import { type DatasetPair, memorySource, type Part, type RecordDataset, recordDataset } from './dataset.js'
import { badFile, exists, isFile, openAll, openFile, readWhole } from './files.js'
import { isPickledBytes, type Pickled, type PickledBytes, readPickle } from './pickle.js'

export type CifarName = 'cifar10' | 'cifar100'

/**
 * The official binary version: records of one or two label bytes and 3,072 pixel bytes (planes red, green, blue, each
 * row by row), without header or padding. https://www.cs.toronto.edu/~kriz/cifar.html
 */
interface CifarLayout {
  /** The Python version of the archive: pickles of the same images, without endings. */
  readonly python: {
    readonly train: readonly string[]
    readonly test: readonly string[]
    readonly folder: string
    readonly labels: string
  }
  readonly train: readonly string[]
  readonly test: readonly string[]
  /** The folder in the official archive. */
  readonly folder: string
  /** The label bytes in front of a record's pixels. The last one is the class. */
  readonly labels: readonly { readonly kind: string; readonly classes: number }[]
}

const layouts: Readonly<Record<CifarName, CifarLayout>> = {
  cifar10: {
    train: [1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`),
    test: ['test_batch.bin'],
    folder: 'cifar-10-batches-bin',
    python: {
      train: [1, 2, 3, 4, 5].map(i => `data_batch_${i}`),
      test: ['test_batch'],
      folder: 'cifar-10-batches-py',
      labels: 'labels',
    },
    labels: [{ kind: 'label', classes: 10 }],
  },
  cifar100: {
    train: ['train.bin'],
    test: ['test.bin'],
    folder: 'cifar-100-binary',
    python: { train: ['train'], test: ['test'], folder: 'cifar-100-python', labels: 'fine_labels' },
    labels: [
      { kind: 'coarse label', classes: 20 },
      { kind: 'label', classes: 100 },
    ],
  },
}

const pixelBytes = 3 * 32 * 32
const recordsPerRead = 256

interface Records extends Part {
  readonly labels: Uint8Array
  close(): void
}

const filesOf = (name: CifarName): readonly string[] => [...layouts[name].train, ...layouts[name].test]

/** `dir`, or the official archive's folder in it when the files are there. */
const resolveFolder = (name: CifarName, dir: string): string =>
  filesOf(name).some(file => exists(dir, file)) || !exists(dir, layouts[name].folder)
    ? dir
    : `${dir}/${layouts[name].folder}`

/** The folder that has the pickles of the Python version; undefined if none has. A directory train/ is no pickle. */
const pythonFolder = (name: CifarName, dir: string): string | undefined => {
  const { folder, train, test } = layouts[name].python
  return [dir, `${dir}/${folder}`].find(at => [...train, ...test].some(file => isFile(at, file)))
}

const hasBinary = (name: CifarName, dir: string): boolean => {
  const folder = resolveFolder(name, dir)
  return filesOf(name).some(file => exists(folder, file))
}

/** Whether any file of the layout is there, in the binary or the Python version. */
export const hasCifar = (name: CifarName, dir: string): boolean =>
  hasBinary(name, dir) || pythonFolder(name, dir) !== undefined

const again = 'Get this file again from the archive of the binary version'

const readLabels =
  (name: CifarName) =>
  (path: string): TE.TaskEither<CpnasError, Records> =>
  async () => {
    const { title } = catalogue[name]
    const { labels: kinds } = layouts[name]
    const stride = kinds.length + pixelBytes
    const opened = openFile(path)
    if (E.isLeft(opened)) return opened
    const source = opened.right
    const fail = (problem: string): E.Either<CpnasError, Records> => {
      source.close()
      return E.left(badFile(path, problem, again))
    }

    const count = Math.floor(source.size / stride)
    const rest = source.size % stride
    if (source.size === 0) return fail('is empty')
    if (rest !== 0)
      return fail(
        `has ${source.size} bytes, which is not a whole number of ${stride}-byte records (${rest} bytes are left after ${count}): it was cut short, or is not a ${title} file`,
      )

    const labels = new Uint8Array(count)
    const buffer = new Uint8Array(Math.min(count, recordsPerRead) * stride)
    for (let begin = 0; begin < count; begin += recordsPerRead) {
      const n = Math.min(recordsPerRead, count - begin)
      const read = await source.readAsync(begin * stride, buffer, n * stride)()
      if (E.isLeft(read)) {
        source.close()
        return read
      }
      for (let i = 0; i < n; i++)
        for (const [k, { kind, classes }] of kinds.entries()) {
          const label = buffer[i * stride + k]!
          if (label >= classes)
            return fail(
              `record ${begin + i} (counted from 0) has the ${kind} ${label}, ${title} has 0 to ${classes - 1}: it is damaged, or not a ${title} file`,
            )
          labels[begin + i] = label
        }
    }
    return E.right({ source, count, first: kinds.length, stride, labels, close: source.close })
  }

const numbersOf = (value: Pickled | undefined): readonly number[] | undefined =>
  Array.isArray(value) && value.every(item => typeof item === 'number') ? (value as readonly number[]) : undefined

/** The bytes of an array of NumPy, whose state is (version, shape, type, order, bytes), or of a plain string of bytes. */
const arrayOf = (value: Pickled | undefined): PickledBytes | undefined => {
  if (isPickledBytes(value)) return value
  if (typeof value !== 'object' || value === null || !('made' in value) || !Array.isArray(value.state)) return undefined
  const last = (value.state as readonly Pickled[]).at(-1)
  return isPickledBytes(last) ? last : undefined
}

/** A batch of the Python version: a pickled dictionary with `data`, planes of bytes, and a list of labels. */
const readPickled =
  (name: CifarName) =>
  (path: string): TE.TaskEither<CpnasError, Records> =>
    pipe(
      readWhole(path),
      TE.flatMapEither((file): E.Either<CpnasError, Records> => {
        const { title, classNames } = catalogue[name]
        const fail = (problem: string) =>
          E.left(badFile(path, problem, `Get this file again from the archive of ${title}'s Python or binary version`))
        let found: Pickled
        try {
          found = readPickle(file)
        } catch (error) {
          return fail(`is no pickle that can be read: ${(error as Error).message}`)
        }
        const fields = found instanceof Map ? (found as ReadonlyMap<string, Pickled>) : undefined
        const labels = numbersOf(fields?.get(layouts[name].python.labels))
        const data = arrayOf(fields?.get('data'))
        if (labels === undefined || data === undefined)
          return fail(`is a pickle without ${layouts[name].python.labels} and data: it is not a ${title} file`)
        if (data.bytes.length !== labels.length * pixelBytes || labels.length === 0)
          return fail(`has ${labels.length} labels and ${data.bytes.length} bytes of images, ${pixelBytes} an image`)
        const bad = labels.findIndex(label => !(Number.isInteger(label) && label >= 0 && label < classNames.length))
        if (bad >= 0)
          return fail(
            `image ${bad} (counted from 0) has the label ${labels[bad]}, ${title} has 0 to ${classNames.length - 1}`,
          )
        const part = { count: labels.length, stride: pixelBytes, labels: Uint8Array.from(labels) }
        const { offset, bytes } = data
        if (offset === undefined) return E.right({ ...part, first: 0, source: memorySource(bytes), close: () => {} })
        return pipe(
          openFile(path),
          E.map(source => ({ ...part, first: offset, source, close: source.close })),
        )
      }),
    )

/** Opens CIFAR-10 or CIFAR-100, in the binary version or else in the Python one; every file may have any whole number of records. */
export const openCifar = (name: CifarName, dir: string): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>> => {
  const python = hasBinary(name, dir) ? undefined : pythonFolder(name, dir)
  if (python !== undefined) return openFiles(name, dir, python, layouts[name].python, readPickled(name))
  return openFiles(name, dir, resolveFolder(name, dir), layouts[name], readLabels(name))
}

const openFiles = (
  name: CifarName,
  dir: string,
  root: string,
  { train, test, folder }: Pick<CifarLayout, 'train' | 'test' | 'folder'>,
  read: (path: string) => TE.TaskEither<CpnasError, Records>,
): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>> => {
  const { title, ...facts } = catalogue[name]
  const missing = [...train, ...test].filter(file => !exists(root, file))
  if (missing.length > 0)
    return TE.left(
      badFile(
        dir,
        `${missing.join(', ')} of ${title} ${missing.length === 1 ? 'is' : 'are'} missing`,
        `Give the directory that holds all files of the official archive's folder ${folder}`,
      ),
    )
  const dataset = (records: readonly Records[]) =>
    recordDataset({
      name,
      ...facts,
      labels: Buffer.concat(records.map(part => part.labels)),
      parts: records,
      planar: true,
    })
  return pipe(
    [...train, ...test].map(file => `${root}/${file}`),
    openAll(read),
    TE.map(records => ({ train: dataset(records.slice(0, train.length)), test: dataset(records.slice(train.length)) })),
  )
}
