import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { catalogue, type DatasetName, type RecordName } from './catalogue.js'
import { hasCifar, openCifar } from './cifar.js'
import type { DatasetPair, ImageFolder, RecordDataset } from './dataset.js'
import { badFile, checkDirectory, codeOf, unpackCommand } from './files.js'
import { detectIdx, hasIdx, openIdx } from './idx.js'
import { type ImageFolderOptions, openImageFolder } from './image-folder/open-folder.js'
import { hasImageFolders, hasTrainAndTest } from './image-folder/scan.js'
import { isPicture } from './image-folder/walk.js'
import { findParquet } from './parquet/open-parquet.js'

/**
 * Opens the training and the test set in `dir`: the official binary files of CIFAR-10 and CIFAR-100 or those of the Python
 * version (or the official archive's folder in `dir`), the four IDX files of MNIST and Fashion-MNIST, each plain or .gz (or the
 * folders in which torchvision leaves them). All labels are read and checked; pixels are read by position from the open files when
 * they are asked for (.gz: from memory).
 *
 * An `image-folder` has pictures in train/CLASS and val/CLASS, or in CLASS, of which one in five then is a test image; pictures in
 * folders below those of the classes count, links are followed. Or it has Parquet files with a column of encoded images. Pictures are
 * decoded when they are asked for; the options are of these alone.
 *
 * Error InvalidData: a file or folder is missing, unreadable, cut short, damaged, of another format, or has a label out of
 * range. InvalidOption, StorageFailed: of the options.
 */
export function openDataset(name: RecordName, dir: string): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>>
export function openDataset(
  name: 'image-folder',
  dir: string,
  options?: ImageFolderOptions,
): TE.TaskEither<CpnasError, DatasetPair<ImageFolder>>
export function openDataset(
  name: DatasetName,
  dir: string,
  options?: ImageFolderOptions,
): TE.TaskEither<CpnasError, DatasetPair>
export function openDataset(
  name: DatasetName,
  dir: string,
  options: ImageFolderOptions = {},
): TE.TaskEither<CpnasError, DatasetPair> {
  return pipe(
    TE.fromEither(checkDirectory(dir)),
    TE.flatMap((): TE.TaskEither<CpnasError, DatasetPair> => {
      if (name === 'image-folder') return openImageFolder(dir, options)
      return name === 'cifar10' || name === 'cifar100' ? openCifar(name, dir) : openIdx(name, dir)
    }),
  )
}

/** What a directory holds, for the message that it is no data set. */
const describe = async (dir: string): Promise<{ readonly problem: string; readonly remedy: string }> => {
  const entries = (await readdir(dir, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'))
  const named = (all: readonly { readonly name: string }[]): string =>
    `${all
      .slice(0, 3)
      .map(({ name }) => name)
      .join(', ')}${all.length > 3 ? ', ...' : ''}`
  const folders = entries.filter(entry => entry.isDirectory())
  const files = entries.filter(entry => !entry.isDirectory())
  const found = [
    ...(folders.length > 0
      ? [`${folders.length === 1 ? 'a folder' : `${folders.length} folders`} (${named(folders)})`]
      : []),
    ...(files.length > 0 ? [`${files.length === 1 ? 'a file' : `${files.length} files`} (${named(files)})`] : []),
  ]
  const archive = files.map(({ name }) => unpackCommand(join(dir, name))).find(command => command !== undefined)
  const pictures = files.filter(({ name }) => isPicture(name))
  return {
    problem: `holds no data set known here: it has ${found.length === 0 ? 'nothing in it' : found.join(' and ')}`,
    remedy:
      archive !== undefined
        ? `Unpack the archive (${archive}) and give the directory that comes out`
        : pictures.length > 0
          ? 'Put the pictures of each class into a folder named as the class'
          : 'Give a directory with the files of CIFAR-10, CIFAR-100, MNIST or Fashion-MNIST, with pictures in train/CLASS and val/CLASS or in CLASS, or with Parquet files',
  }
}

const detect = async (dir: string): Promise<E.Either<CpnasError, DatasetName | 'idx'>> => {
  const cifar = (['cifar10', 'cifar100'] as const).filter(name => hasCifar(name, dir))
  const idx = hasIdx(dir)
  const parquet = (await findParquet(dir)) !== undefined
  // The names of these data sets' folders are not those of classes.
  const folders = cifar.length === 0 && !idx && !parquet ? await hasImageFolders(dir) : await hasTrainAndTest(dir)
  const found = [
    ...cifar.map(name => [name, catalogue[name].title] as const),
    ...(idx ? [['idx', 'IDX files'] as const] : []),
    ...(parquet ? [['image-folder', 'Parquet files'] as const] : []),
    ...(folders ? [['image-folder', 'image folders'] as const] : []),
  ]
  if (found.length > 1)
    return E.left(
      badFile(
        dir,
        `holds several data sets: ${found.map(([, title]) => title).join(', ')}`,
        'Name the one that is meant',
      ),
    )
  if (found[0] !== undefined) return E.right(found[0][0])
  const { problem, remedy } = await describe(dir)
  return E.left(badFile(dir, problem, remedy))
}

/**
 * Which data set `dir` holds, by the names of its files; MNIST and Fashion-MNIST, which share them, by the first ten
 * training labels of the official sets. A directory with folders of pictures is an `image-folder`, and so is one with Parquet files.
 *
 * Error InvalidData: none, several, or IDX files that begin as neither; it says what is there.
 */
export const detectDataset = (dir: string): TE.TaskEither<CpnasError, DatasetName> =>
  pipe(
    TE.fromEither(checkDirectory(dir)),
    TE.flatMap(() =>
      TE.tryCatch(
        () => detect(dir),
        error =>
          badFile(
            error instanceof Error && 'path' in error ? String(error.path) : dir,
            `cannot be read (${codeOf(error)})`,
            'Check the folder, its permissions and the disk it is on',
          ),
      ),
    ),
    TE.flatMap(TE.fromEither),
    TE.flatMap(found => (found === 'idx' ? detectIdx(dir) : TE.right(found))),
  )

/**
 * The data set that comes with this package: a balanced subset of Fashion-MNIST (MIT licence), the first 1,000 training
 * and 200 test images of every class in their original order.
 */
export const embedded = (): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>> =>
  openIdx('fashion-mnist', fileURLToPath(new URL('../embedded', import.meta.url)))
