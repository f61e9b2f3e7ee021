import { type CpnasError, cpnasError } from '@cpnas/backends'
import {
  catalogue,
  type DatasetName,
  type DatasetPair,
  datasetNames,
  detectDataset,
  embedded,
  openDataset,
} from '@cpnas/data'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { CommandOptions, Values } from './command.js'
import { countOption, textOption, wordOption } from './values.js'

const embeddedName = 'fashion-mnist' satisfies DatasetName

/** Options that say which images are meant. */
export const dataOptions = {
  data: textOption({
    placeholder: 'dir',
    description: 'directory of data files',
    default: 'the embedded images, a part of Fashion-MNIST',
  }),
  dataset: wordOption(datasetNames, {
    placeholder: 'name',
    description: `which data set --data holds: ${datasetNames.join(', ')}`,
    default: 'found out from its files',
  }),
  imageSize: countOption({
    description: 'height and width that the images of a folder are brought to',
    default: '224',
  }),
} satisfies CommandOptions

type Given = Values<typeof dataOptions>

/** A data set and where it is: a directory, or undefined for the embedded images. */
export interface DataSource {
  readonly name: DatasetName
  /** As its authors write it. */
  readonly title: string
  readonly directory: string | undefined
  /** Of image folders. */
  readonly imageSize: number | undefined
}

export interface OpenData extends DatasetPair {
  readonly source: DataSource
}

/** Which data the options mean. Error InvalidOption or InvalidData. */
const locate = ({ data, dataset, imageSize }: Given): TE.TaskEither<CpnasError, DataSource> => {
  if (data !== undefined)
    return pipe(
      dataset === undefined ? detectDataset(data) : TE.right(dataset),
      TE.map(name => ({ name, title: catalogue[name].title, directory: data, imageSize })),
    )
  return dataset === undefined || dataset === embeddedName
    ? TE.right({ name: embeddedName, title: catalogue[embeddedName].title, directory: undefined, imageSize: undefined })
    : TE.left(
        cpnasError(
          'InvalidOption',
          '--data',
          `is missing: only a part of ${embeddedName} comes embedded`,
          `Name the directory that holds ${dataset} with --data DIR`,
        ),
      )
}

/** Opens the data that the options mean, or the embedded images. The caller closes both sets. */
export const openData = (given: Given): TE.TaskEither<CpnasError, OpenData> =>
  pipe(
    locate(given),
    TE.flatMap(source =>
      pipe(
        source.directory === undefined ? embedded() : openDataset(source.name, source.directory),
        TE.map(pair => ({ ...pair, source })),
      ),
    ),
  )

/** Closes both sets after use. */
export const withData =
  (given: { readonly [K in keyof Given]: Given[K] | undefined } | { readonly dataset: string | undefined }) =>
  <A>(use: (data: OpenData) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(openData(given as Given), use, ({ train, test }) =>
      TE.fromIO(() => {
        train.close()
        test.close()
      }),
    )
