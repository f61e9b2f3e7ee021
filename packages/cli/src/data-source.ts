import { type CpnasError, cpnasError } from '@cpnas/backends'
import { type DatasetName, type DatasetPair, datasetNames, detectDataset, embedded, openDataset } from '@cpnas/data'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { CommandOptions, Values } from './command.js'
import { textOption, wordOption } from './values.js'

const embeddedName: DatasetName = 'fashion-mnist'

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
} satisfies CommandOptions

/** A data set and where it is: a directory, or undefined for the embedded images. */
export interface DataSource {
  readonly name: DatasetName
  readonly directory: string | undefined
}

export interface OpenData extends DatasetPair {
  readonly source: DataSource
}

/** Which data the options mean. Error InvalidOption or InvalidData. */
const locate = ({ data, dataset }: Values<typeof dataOptions>): TE.TaskEither<CpnasError, DataSource> => {
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

/** Opens the data that the options mean, or the embedded images. The caller closes both sets. */
export const openData = (values: Values<typeof dataOptions>): TE.TaskEither<CpnasError, OpenData> =>
  pipe(
    locate(values),
    TE.flatMap(source =>
      pipe(
        source.directory === undefined ? embedded() : openDataset(source.name, source.directory),
        TE.map(pair => ({ ...pair, source })),
      ),
    ),
  )
