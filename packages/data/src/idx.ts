import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip, gunzip } from 'node:zlib'
import type { CpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { catalogue } from './catalogue.js'
import { type DatasetPair, memorySource, type Part, type RecordDataset, recordDataset } from './dataset.js'
import { badFile, codeOf, exists, openAll, openFile, readWhole } from './files.js'

export type IdxName = 'mnist' | 'fashion-mnist'

/**
 * IDX, the format of MNIST's files, plain or gzip: two zero bytes, the element type (8: unsigned byte), the number of
 * axes, their sizes (big-endian, 4 bytes each), the elements. http://yann.lecun.com/exdb/mnist/
 */
const images = { axes: 3, header: 16, content: 'images' } as const
const labels = { axes: 1, header: 8, content: 'labels' } as const

const files = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
} as const
type Half = keyof typeof files

const side = 28
const imageBytes = side * side

/** As the archives are named, as some unpack to (`train-images.idx3-ubyte`), plain or compressed. */
const spellings = (file: string): readonly string[] => {
  const dotted = file.replace(/-(idx\d)/, '.$1')
  return [file, dotted, `${file}.gz`, `${dotted}.gz`]
}
const presentIn = (dir: string, file: string): string | undefined => spellings(file).find(name => exists(dir, name))
const halves: readonly Half[] = ['train', 'test']
const allFiles = halves.flatMap(half => [files[half].images, files[half].labels])

const hasAny = (dir: string): boolean => allFiles.some(file => presentIn(dir, file) !== undefined)

/** The directories that have some of the files: `dir`, and those in which torchvision leaves them. */
const foldersOf = (dir: string): readonly string[] =>
  ['', 'raw', 'MNIST/raw', 'FashionMNIST/raw'].map(folder => join(dir, folder)).filter(hasAny)

/** Whether any file of the layout is there. */
export const hasIdx = (dir: string): boolean => foldersOf(dir).length > 0

const remedy = 'Get this file of the data set again'
const cutGzip = (path: string): CpnasError => badFile(path, 'the gzip file is cut short', remedy)

const gzipError = (path: string, error: unknown): CpnasError => {
  const code = codeOf(error)
  if (code === 'Z_BUF_ERROR') return cutGzip(path)
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return badFile(path, 'holds more labels than any data set of this kind has', remedy)
  if (error instanceof Error && code.startsWith('Z_')) {
    return error.message === 'incorrect header check'
      ? badFile(path, 'is named .gz but is not a gzip file', remedy)
      : badFile(path, `the gzip file is damaged (${error.message})`, remedy)
  }
  return badFile(path, `cannot be read (${code})`, 'Check the file and the disk it is on')
}

/** Problems of a header that do not depend on the other files. `size` is that of the whole content. */
const headerProblem = (header: Uint8Array, size: number, format: typeof images | typeof labels): string | undefined => {
  if (size < format.header) return `is cut short: it has ${size} bytes, the header alone has ${format.header}`
  if (header[0] === 0x1f && header[1] === 0x8b) return 'is a gzip file: its name has to end in .gz'
  if (header[0] !== 0 || header[1] !== 0 || header[2] !== 8 || header[3] !== format.axes) {
    const magic = Buffer.from(header.subarray(0, 4)).toString('hex')
    return `is not an IDX file of ${format.content}: it begins with ${magic} instead of 0000080${format.axes}`
  }
  return undefined
}

const sizeProblem = (size: number, expected: number, count: number, what: string): string | undefined =>
  size === expected
    ? undefined
    : size < expected
      ? `is cut short: ${count} ${what} take ${expected} bytes, it has ${size}`
      : `has ${size - expected} bytes more than its ${count} ${what} take`

const axis = (header: Uint8Array, i: number): number =>
  new DataView(header.buffer, header.byteOffset, header.byteLength).getUint32(4 + 4 * i)

const maxLabelBytes = 2 ** 26

const readLabels = (path: string, classes: number): TE.TaskEither<CpnasError, Uint8Array> =>
  pipe(
    readWhole(path),
    TE.chain(bytes =>
      path.endsWith('.gz')
        ? TE.tryCatch(
            () => promisify(gunzip)(bytes, { maxOutputLength: maxLabelBytes }),
            error => gzipError(path, error),
          )
        : TE.right(bytes),
    ),
    TE.chainEitherK(bytes => {
      const fail = (problem: string) => E.left(badFile(path, problem, remedy))
      const header = headerProblem(bytes, bytes.length, labels)
      if (header !== undefined) return fail(header)
      const count = axis(bytes, 0)
      const size = sizeProblem(bytes.length, labels.header + count, count, 'labels')
      if (size !== undefined) return fail(size)
      if (count === 0) return fail('holds no labels')
      const values = bytes.subarray(labels.header)
      const bad = values.findIndex(label => label >= classes)
      return bad < 0
        ? E.right(values)
        : fail(
            `label ${bad} (counted from 0) is ${values[bad]}, the classes are 0 to ${classes - 1}: it is damaged or of another data set`,
          )
    }),
  )

/** Decompresses into memory: at most `limit` bytes are kept, the size is counted to the end. */
const gunzipStream = (path: string, limit: number): TE.TaskEither<CpnasError, { bytes: Uint8Array; size: number }> =>
  TE.tryCatch(
    async () => {
      const kept = new Uint8Array(limit)
      let size = 0
      await pipeline(createReadStream(path), createGunzip(), async chunks => {
        for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
          if (size < limit) kept.set(chunk.subarray(0, limit - size), size)
          size += chunk.length
        }
      })
      return { bytes: kept.subarray(0, size), size }
    },
    error => gzipError(path, error),
  )

const imagesProblem = (header: Uint8Array, size: number, count: number): string | undefined => {
  const problem = headerProblem(header, size, images)
  if (problem !== undefined) return problem
  const [n, height, width] = [axis(header, 0), axis(header, 1), axis(header, 2)]
  if (height !== side || width !== side) return `holds images of ${height}x${width} pixels instead of ${side}x${side}`
  if (n !== count) return `holds ${n} images, but the file of their labels holds ${count} labels`
  return sizeProblem(size, images.header + count * imageBytes, count, 'images')
}

/** Opens the file of `count` images. A gzip file is decompressed once, into the one copy that stays in memory. */
const openImages = (path: string, count: number): TE.TaskEither<CpnasError, Part> => {
  const part = { count, first: images.header, stride: imageBytes }
  if (path.endsWith('.gz'))
    return pipe(
      gunzipStream(path, images.header + count * imageBytes),
      TE.chainEitherK(({ bytes, size }) => {
        if (size === 0) return E.left(cutGzip(path))
        const problem = imagesProblem(bytes, size, count)
        return problem === undefined
          ? E.right({ ...part, source: memorySource(bytes) })
          : E.left(badFile(path, problem, remedy))
      }),
    )
  return pipe(
    TE.fromEither(openFile(path)),
    TE.chain(source => {
      const header = new Uint8Array(images.header)
      return pipe(
        source.readAsync(0, header, Math.min(source.size, header.length)),
        TE.chainEitherK(() => {
          const problem = imagesProblem(header, source.size, count)
          return problem === undefined ? E.right({ ...part, source }) : E.left(badFile(path, problem, remedy))
        }),
        TE.mapLeft(error => {
          source.close()
          return error
        }),
      )
    }),
  )
}

const openHalf =
  (name: IdxName, folder: string) =>
  (half: Half): TE.TaskEither<CpnasError, RecordDataset> => {
    const { title: _, ...facts } = catalogue[name]
    const pathOf = (file: string) => `${folder}/${presentIn(folder, file)}`
    return pipe(
      readLabels(pathOf(files[half].labels), facts.classNames.length),
      TE.chain(values =>
        pipe(
          openImages(pathOf(files[half].images), values.length),
          TE.map(part => recordDataset({ name, ...facts, labels: values, parts: [part], planar: false })),
        ),
      ),
    )
  }

/** The one directory that holds the files. */
const folderOf = (dir: string): E.Either<CpnasError, string> => {
  const [folder = dir, other] = foldersOf(dir)
  if (other !== undefined)
    return E.left(
      badFile(dir, `holds several data sets: IDX files in ${folder} and ${other}`, 'Name the one that is meant'),
    )
  const missing = allFiles.filter(file => presentIn(folder, file) === undefined)
  return missing.length === 0
    ? E.right(folder)
    : E.left(
        badFile(
          folder,
          `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
          'Give the directory that holds the four IDX files, each plain or with .gz at its end',
        ),
      )
}

/** Opens MNIST or Fashion-MNIST. Of a plain and a .gz file the plain one is taken: its pixels need not be held in memory. */
export const openIdx = (name: IdxName, dir: string): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>> =>
  pipe(
    TE.fromEither(folderOf(dir)),
    TE.chain(folder => openAll<RecordDataset>(half => openHalf(name, folder)(half as Half))(halves)),
    TE.map(([train, test]) => ({ train: train!, test: test! })),
  )

/** The first labels of the official training sets: the files have the same names and layout. */
const firstLabels: Readonly<Record<IdxName, string>> = {
  mnist: '5 0 4 1 9 2 1 3 1 4',
  'fashion-mnist': '9 0 0 3 0 2 7 2 5 5',
}

/** Tells MNIST from Fashion-MNIST by the first ten labels. */
export const detectIdx = (dir: string): TE.TaskEither<CpnasError, IdxName> =>
  pipe(
    TE.fromEither(folderOf(dir)),
    TE.chain(folder => readLabels(`${folder}/${presentIn(folder, files.train.labels)}`, 10)),
    TE.chainEitherK(values => {
      const start = values.subarray(0, 10).join(' ')
      const found = (Object.keys(firstLabels) as IdxName[]).find(name => firstLabels[name] === start)
      return found === undefined
        ? E.left(
            badFile(
              dir,
              'its IDX files begin neither as MNIST nor as Fashion-MNIST',
              'Name the data set: mnist or fashion-mnist',
            ),
          )
        : E.right(found)
    }),
  )
