import { fileURLToPath } from 'node:url'
import type { CpnasError } from '@cpnas/backends'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { catalogue, type DatasetName } from './catalogue.js'
import { hasCifar, openCifar } from './cifar.js'
import type { DatasetPair, RecordDataset } from './dataset.js'
import { badFile, checkDirectory } from './files.js'
import { detectIdx, hasIdx, openIdx } from './idx.js'

/**
 * Opens the training and the test set in `dir`: the official binary files of CIFAR-10 and CIFAR-100 (or the official
 * archive's folder in `dir`), the four IDX files of MNIST and Fashion-MNIST, each plain or .gz. All labels are read and
 * checked; pixels are read by position from the open files when they are asked for (.gz: from memory).
 *
 * Error InvalidData: a file is missing, unreadable, cut short, damaged, of another format, or has a label out of range.
 */
export const openDataset = (name: DatasetName, dir: string): TE.TaskEither<CpnasError, DatasetPair<RecordDataset>> =>
  pipe(
    TE.fromEither(checkDirectory(dir)),
    TE.chain(() => (name === 'cifar10' || name === 'cifar100' ? openCifar(name, dir) : openIdx(name, dir))),
  )

/**
 * Which data set `dir` holds, by the names of its files; MNIST and Fashion-MNIST, which share them, by the first ten
 * training labels of the official sets.
 *
 * Error InvalidData: none, several, or IDX files that begin as neither.
 */
export const detectDataset = (dir: string): TE.TaskEither<CpnasError, DatasetName> =>
  pipe(
    TE.fromEither(checkDirectory(dir)),
    TE.chain(() => {
      const cifar = (['cifar10', 'cifar100'] as const).filter(name => hasCifar(name, dir))
      const idx = hasIdx(dir)
      const [found] = cifar
      if (cifar.length + (idx ? 1 : 0) > 1)
        return TE.left(
          badFile(
            dir,
            `holds several data sets: ${[...cifar.map(name => catalogue[name].title), ...(idx ? ['IDX files'] : [])].join(', ')}`,
            'Name the one that is meant',
          ),
        )
      if (found !== undefined) return TE.right(found)
      if (idx) return detectIdx(dir)
      return TE.left(
        badFile(
          dir,
          'holds no data set known here',
          'Give a directory with the binary files of CIFAR-10 or CIFAR-100, or the IDX files of MNIST or Fashion-MNIST',
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
