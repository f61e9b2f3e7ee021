import { fileURLToPath } from 'node:url'
import type { CpnasError } from '@cpnas/backends'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { catalogue, type DatasetName, type RecordName } from './catalogue.js'
import { hasCifar, openCifar } from './cifar.js'
import type { DatasetPair, ImageFolder, RecordDataset } from './dataset.js'
import { badFile, checkDirectory } from './files.js'
import { detectIdx, hasIdx, openIdx } from './idx.js'
import { type ImageFolderOptions, openImageFolder } from './image-folder/open-folder.js'
import { hasImageFolders } from './image-folder/scan.js'

/**
 * Opens the training and the test set in `dir`: the official binary files of CIFAR-10 and CIFAR-100 (or the official
 * archive's folder in `dir`), the four IDX files of MNIST and Fashion-MNIST, each plain or .gz. All labels are read and
 * checked; pixels are read by position from the open files when they are asked for (.gz: from memory).
 *
 * Of an `image-folder`, train/CLASS/*.jpg and val/CLASS/*.jpg (or test/CLASS, where there is no val; .jpg, .jpeg, .png,
 * .webp; links are followed), names are read and images when they are asked for; the options are of these alone.
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

/**
 * Which data set `dir` holds, by the names of its files; MNIST and Fashion-MNIST, which share them, by the first ten
 * training labels of the official sets; a directory with the folders train and val (or test) is an `image-folder`.
 *
 * Error InvalidData: none, several, or IDX files that begin as neither.
 */
export const detectDataset = (dir: string): TE.TaskEither<CpnasError, DatasetName> =>
  pipe(
    TE.fromEither(checkDirectory(dir)),
    TE.chain(() => {
      const cifar = (['cifar10', 'cifar100'] as const).filter(name => hasCifar(name, dir))
      const idx = hasIdx(dir)
      const folders = hasImageFolders(dir)
      const [found] = cifar
      if (cifar.length + (idx ? 1 : 0) + (folders ? 1 : 0) > 1)
        return TE.left(
          badFile(
            dir,
            `holds several data sets: ${[...cifar.map(name => catalogue[name].title), ...(idx ? ['IDX files'] : []), ...(folders ? ['image folders'] : [])].join(', ')}`,
            'Name the one that is meant',
          ),
        )
      if (found !== undefined) return TE.right(found)
      if (idx) return detectIdx(dir)
      if (folders) return TE.right('image-folder' as const)
      return TE.left(
        badFile(
          dir,
          'holds no data set known here',
          'Give a directory with the binary files of CIFAR-10 or CIFAR-100, or the IDX files of MNIST or Fashion-MNIST, or with images in train/CLASS and val/CLASS',
        ),
      )
    }),
  )

/**
 * The data set that comes with this package: a balanced subset of Fashion-MNIST (MIT licence), the first 1,000 training
 * and 200 test images of every class in their original order.
 */
export const embedded = (): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>> =>
  openIdx('fashion-mnist', fileURLToPath(new URL('../embedded', import.meta.url)))
