import { printable } from '@cpnas/core'
import { catalogue, type Dataset, datasetNames, type ImageFolder, type LeftOut } from '@cpnas/data'
import { type DataSource, folderName, type OpenData } from '@cpnas/experiments'
import * as E from 'fp-ts/lib/Either.js'
import type { CommandOptions, ValueOption } from './command.js'
import { counted } from './report/amounts.js'
import { countOption, textOption, wordOption } from './values.js'

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
    default: 'in memory, up to 1 GiB',
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

const leftOutLine = ({ what, count, example }: LeftOut): string => `skipped ${what}: ${count}, e.g. ${example}`

/** Which files of a folder are not used, one line each. */
export const skippedLines = ({ leftOut }: Pick<ImageFolder, 'leftOut'>): readonly string[] =>
  leftOut.map(leftOutLine).map(printable)

/** What was found in a folder and which files are not used, one line each; none for other data sets. */
export const foundLines = ({ train }: OpenData): readonly string[] =>
  'notes' in train ? [...train.notes.map(printable), ...skippedLines(train)] : []

/** The data set and its directory as text. */
export const sourceText = ({ title, directory, origin }: DataSource): string =>
  printable(`${title}, ${directory ?? 'embedded'}${origin === undefined ? '' : ` (as in ${origin})`}`)

/** Most images to list that could not be decoded. */
const listed = 20

/** Which images of the folder could not be decoded and were left out, in lines; none for other data sets. */
export const corruptLines = (sets: readonly Dataset[]): readonly string[] => {
  const corrupt = sets.flatMap(set => ('corrupt' in set ? set.corrupt : []))
  if (corrupt.length === 0) return []
  const more = corrupt.length - listed
  return [
    `${counted(corrupt.length, 'image')} could not be decoded and ${corrupt.length === 1 ? 'was' : 'were'} left out:`,
    ...corrupt.slice(0, listed).map(({ path, reason }) => `  ${printable(`${path}: ${reason}`)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}
