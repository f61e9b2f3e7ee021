import { type CpnasError, cpnasError, printable } from '@cpnas/core'
import {
  catalogue,
  catchReadError,
  type DataFingerprint,
  type DatasetName,
  type DatasetPair,
  datasetNames,
  detectDataset,
  embedded,
  fingerprintOf,
  type LeftOut,
  openDataset,
} from '@cpnas/data'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, flagOf, refuseOptions, type ValueOption, type Values } from './command.js'
import { counted } from './report/amounts.js'
import { countOption, textOption, wordOption } from './values.js'

/** The data set of which a part is embedded. */
export const embeddedName = 'fashion-mnist' satisfies DatasetName
const folderName = 'image-folder' satisfies DatasetName

/** Options that say which images are meant. */
export const dataOptions = {
  data: textOption({
    placeholder: 'dir',
    description: 'directory of the data',
    default: 'the bundled images, a part of Fashion-MNIST',
  }),
  dataset: wordOption(datasetNames, {
    placeholder: 'name',
    description: `data set in --data: ${datasetNames.join(', ')}`,
    default: 'detected',
  }),
  imageSize: countOption({
    description: 'image folders: resize to this height and width',
    default: `the median of their short sides, at most ${catalogue[folderName].height}`,
  }),
  cache: textOption({
    placeholder: 'dir',
    description: 'image folders: cache decoded images in this directory',
    default: 'decode in every epoch',
  }),
  workers: countOption({
    description: 'image folders: decoding threads',
    default: 'one less than the cores, at most 4',
  }),
  maxCorrupt: {
    kind: 'value',
    placeholder: 'x',
    description: 'image folders: fail if more than this share cannot be decoded (0 to 1)',
    default: '0.01',
    parse: text => {
      const value = Number(text)
      return text.trim() !== '' && value >= 0 && value <= 1
        ? E.right(value)
        : E.left('a number at least 0 and at most 1')
    },
  } as ValueOption<number>,
} satisfies CommandOptions

type Given = Values<typeof dataOptions>

/** A data set and where it is: a directory, or undefined for the embedded images. */
export interface DataSource {
  readonly name: DatasetName
  /** As its authors write it. */
  readonly title: string
  readonly directory: string | undefined
  /** Height and width of the images of a folder; undefined for data sets of images of one size. */
  readonly imageSize: number | undefined
  /** The run whose data they are, where they were not named themselves. */
  readonly origin?: string
}

export interface OpenData extends DatasetPair {
  readonly source: DataSource
}

/** Data of which it is known what tells them from others. */
export interface IdentifiedData extends OpenData {
  readonly fingerprint: DataFingerprint
}

/** Reads all images, or lists them. Error InvalidData. */
export const identify = (data: OpenData): TE.TaskEither<CpnasError, IdentifiedData> =>
  pipe(
    () => catchReadError(() => fingerprintOf(data)),
    TE.map(fingerprint => ({ ...data, fingerprint })),
  )

/** Options that only image folders have. */
const folderOptions = ['imageSize', 'cache', 'workers', 'maxCorrupt'] as const

/** Which data the options mean. Error InvalidOption or InvalidData. */
const locate = ({ data, dataset }: Given): TE.TaskEither<CpnasError, Pick<DataSource, 'name' | 'directory'>> => {
  if (data !== undefined)
    return pipe(
      dataset === undefined ? detectDataset(data) : TE.right(dataset),
      TE.map(name => ({ name, directory: data })),
    )
  return dataset === undefined || dataset === embeddedName
    ? TE.right({ name: embeddedName, directory: undefined })
    : TE.left(
        cpnasError(
          'InvalidOption',
          '--data',
          `is missing: only a part of ${embeddedName} comes embedded`,
          `Name the directory that holds ${dataset} with --data DIR`,
        ),
      )
}

/** InvalidOption if an option of image folders was given for another data set. */
const checkFolderOptions = (given: Given, name: DatasetName): E.Either<CpnasError, void> =>
  name === folderName
    ? E.right(undefined)
    : refuseOptions(
        given,
        folderOptions,
        `works on image folders only, and the data are ${catalogue[name].title}`,
        'Leave it out, or name a directory of images with --data',
      )

const open = (
  { imageSize, cache, workers, maxCorrupt }: Given,
  { name, directory }: Pick<DataSource, 'name' | 'directory'>,
) =>
  directory === undefined
    ? embedded()
    : openDataset(name, directory, {
        ...(imageSize === undefined ? {} : { imageSize }),
        ...(cache === undefined ? {} : { cacheDirectory: cache }),
        ...(workers === undefined ? {} : { workers }),
        ...(maxCorrupt === undefined ? {} : { maxCorrupt }),
      })

/** Opens the data that the options mean, or the embedded images. The caller closes both sets. */
export const openData = (given: Given): TE.TaskEither<CpnasError, OpenData> =>
  pipe(
    locate(given),
    TE.tap(({ name }) => TE.fromEither(checkFolderOptions(given, name))),
    TE.flatMap(found =>
      pipe(
        open(given, found),
        TE.map(pair => ({
          ...pair,
          source: {
            ...found,
            title: catalogue[found.name].title,
            imageSize: found.name === folderName ? pair.train.height : undefined,
          },
        })),
      ),
    ),
  )

const leftOutLine = ({ what, count, example }: LeftOut): string => `skipped ${what}: ${count}, e.g. ${example}`

/** What was found out about a folder, and what of it is not used, in lines; none for other data sets. */
export const foundLines = ({ train }: OpenData): readonly string[] =>
  'notes' in train ? [...train.notes, ...train.leftOut.map(leftOutLine)].map(printable) : []

/** Which data, in words. */
export const sourceText = ({ title, directory, origin }: DataSource): string =>
  printable(`${title}, ${directory ?? 'embedded'}${origin === undefined ? '' : ` (as in ${origin})`}`)

/** Most images to list that could not be decoded. */
const listed = 20

/** Which images of the folder could not be decoded and were left out, in lines; none for other data sets. */
export const corruptLines = ({ train, test }: OpenData): readonly string[] => {
  const corrupt = [train, test].flatMap(set => ('corrupt' in set ? set.corrupt : []))
  if (corrupt.length === 0) return []
  const more = corrupt.length - listed
  return [
    `${counted(corrupt.length, 'image')} could not be decoded and ${corrupt.length === 1 ? 'was' : 'were'} left out:`,
    ...corrupt.slice(0, listed).map(({ path, reason }) => `  ${printable(`${path}: ${reason}`)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

/** Options of the data, of which those of a run to resume are as they were. */
export type DataValues =
  | { readonly [K in keyof Given]: Given[K] | undefined }
  | { readonly dataset: string | undefined }

/** Images that are read while a command works say what is wrong with them in the words of the library. */
const inFlags = (error: CpnasError): CpnasError => ({
  ...error,
  remedy: error.remedy.replace(/\bmaxCorrupt\b/, flagOf('maxCorrupt')),
})

/** Closes both sets after use. */
export const withData =
  (given: DataValues) =>
  <A>(use: (data: OpenData) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    pipe(
      TE.bracket(openData(given as Given), use, ({ train, test }) =>
        TE.fromIO(() => {
          train.close()
          test.close()
        }),
      ),
      TE.mapLeft(inFlags),
    )
