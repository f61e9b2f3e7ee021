import type { CpnasError } from '@cpnas/backends'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { catalogue } from './catalogue.js'
import { type DatasetPair, type Part, type RecordDataset, recordDataset } from './dataset.js'
import { badFile, exists, openAll, openFile } from './files.js'

export type CifarName = 'cifar10' | 'cifar100'

/**
 * The official binary version: records of one or two label bytes and 3,072 pixel bytes (planes red, green, blue, each
 * row by row), without header or padding. https://www.cs.toronto.edu/~kriz/cifar.html
 */
interface CifarLayout {
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
    labels: [{ kind: 'label', classes: 10 }],
  },
  cifar100: {
    train: ['train.bin'],
    test: ['test.bin'],
    folder: 'cifar-100-binary',
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

/** Whether any file of the layout is there. */
export const hasCifar = (name: CifarName, dir: string): boolean => {
  const folder = resolveFolder(name, dir)
  return filesOf(name).some(file => exists(folder, file))
}

const again = 'Delete it and get the data set again, in its binary version'

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

/** Opens CIFAR-10 or CIFAR-100; every file may have any whole number of records. */
export const openCifar = (name: CifarName, dir: string): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>> => {
  const { train, test, folder } = layouts[name]
  const { title, ...facts } = catalogue[name]
  const root = resolveFolder(name, dir)
  const missing = filesOf(name).filter(file => !exists(root, file))
  if (missing.length > 0)
    return TE.left(
      badFile(
        dir,
        `${missing.join(', ')} of ${title} ${missing.length === 1 ? 'is' : 'are'} missing`,
        `Give the directory that holds the files of the binary version (the folder ${folder} of the official archive)`,
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
    openAll(readLabels(name)),
    TE.map(records => ({ train: dataset(records.slice(0, train.length)), test: dataset(records.slice(train.length)) })),
  )
}
