import { type CpnasError, cpnasError } from '@cpnas/core'
import {
  catalogue,
  catchReadError,
  type DataFingerprint,
  type DatasetName,
  type DatasetPair,
  detectDataset,
  embedded,
  fingerprintOf,
  openDataset,
} from '@cpnas/data'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** The data set of which a part is embedded. */
export const embeddedName = 'fashion-mnist' satisfies DatasetName
/** The data set that a directory of pictures is. */
export const folderName = 'image-folder' satisfies DatasetName

/** Which images are meant, and how those of a folder are read. What is undefined takes its default. */
export interface DataChoice {
  /** Directory of the data. Default: the embedded images. */
  readonly data?: string | undefined
  /** The data set in the directory. Default: the one that is detected. */
  readonly dataset?: string | undefined
  /** Folders: height and width that images are brought to. Default: the median of their short sides, at most 224. */
  readonly imageSize?: number | undefined
  /** Folders: directory that keeps decoded images. Default: none. */
  readonly cache?: string | undefined
  /** Folders: decoding threads. Default: one less than the cores, at most 4. */
  readonly workers?: number | undefined
  /** Folders: the share of images that may be damaged. Default: 0.01. */
  readonly maxCorrupt?: number | undefined
  /** The run that the data are taken from, if no data were named. */
  readonly origin?: string | undefined
}

/** A data set and where it is: a directory, or undefined for the embedded images. */
export interface DataSource {
  readonly name: DatasetName
  /** As its authors write it. */
  readonly title: string
  readonly directory: string | undefined
  /** Height and width of the images of a folder; undefined for data sets of images of one size. */
  readonly imageSize: number | undefined
  /** The run that the data are taken from, if no data were named. */
  readonly origin?: string
}

/** A data set that is open, and where it is. */
export interface OpenData extends DatasetPair {
  readonly source: DataSource
}

/** An open data set with its fingerprint. */
export interface IdentifiedData extends OpenData {
  readonly fingerprint: DataFingerprint
}

/** Reads all images, or lists them. Error InvalidData. */
export const identify = (data: OpenData): TE.TaskEither<CpnasError, IdentifiedData> =>
  pipe(
    () => catchReadError(() => fingerprintOf(data)),
    TE.map(fingerprint => ({ ...data, fingerprint })),
  )

/** Choices that only image folders have. */
const folderOptions = ['imageSize', 'cache', 'workers', 'maxCorrupt'] as const satisfies readonly (keyof DataChoice)[]

type Located = Pick<DataSource, 'name' | 'directory'>

/** Which data are meant. Error InvalidOption or InvalidData. */
const locate = ({ data, dataset }: DataChoice): TE.TaskEither<CpnasError, Located> => {
  if (data !== undefined)
    return pipe(
      dataset === undefined ? detectDataset(data) : TE.right(dataset as DatasetName),
      TE.map(name => ({ name, directory: data })),
    )
  return dataset === undefined || dataset === embeddedName
    ? TE.right({ name: embeddedName, directory: undefined })
    : TE.left(
        cpnasError(
          'InvalidOption',
          'data',
          `is missing: only a part of ${embeddedName} comes embedded`,
          `Name the directory that holds ${dataset} with \`data\` DIR`,
        ),
      )
}

/** InvalidOption if an option for image folders was given with another data set. */
const checkFolderOptions = (given: DataChoice, name: DatasetName): E.Either<CpnasError, void> => {
  const wrong = name === folderName ? undefined : folderOptions.find(option => given[option] !== undefined)
  return wrong === undefined
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          wrong,
          `works on image folders only, and the data are ${catalogue[name].title}`,
          'Leave it out, or name a directory of images with `data`',
        ),
      )
}

const open = ({ imageSize, cache, workers, maxCorrupt }: DataChoice, { name, directory }: Located) =>
  directory === undefined
    ? embedded()
    : openDataset(name, directory, {
        ...(imageSize === undefined ? {} : { imageSize }),
        ...(cache === undefined ? {} : { cacheDirectory: cache }),
        ...(workers === undefined ? {} : { workers }),
        ...(maxCorrupt === undefined ? {} : { maxCorrupt }),
      })

/** Opens the chosen data, or the embedded images. The caller closes both sets. Error InvalidOption or InvalidData. */
export const openData = (choice: DataChoice): TE.TaskEither<CpnasError, OpenData> =>
  pipe(
    locate(choice),
    TE.tap(({ name }) => TE.fromEither(checkFolderOptions(choice, name))),
    TE.flatMap(found =>
      pipe(
        open(choice, found),
        TE.map(pair => ({
          ...pair,
          source: {
            ...found,
            title: catalogue[found.name].title,
            imageSize: found.name === folderName ? pair.train.height : undefined,
            ...(choice.origin === undefined ? {} : { origin: choice.origin }),
          },
        })),
      ),
    ),
  )

/** Closes both sets after use. Errors as `openData`. */
export const withData =
  (choice: DataChoice) =>
  <A>(use: (data: OpenData) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(openData(choice), use, ({ train, test }) =>
      TE.fromIO(() => {
        train.close()
        test.close()
      }),
    )
