import { type CpnasError, cpnasError, isCount, isRecord } from '@cpnas/core'
import { tiny } from '@cpnas/supernet'
import { type Either, left, right, toError, tryCatch } from 'fp-ts/lib/Either.js'
import { allCells, cellOf, digitsOf, type Table, type TableEntry, type TabulatedTraining } from './table.js'

const format = 'cpnas-table'
/** In version 1 no PReLU followed the nodes of Parents. */
const version = 2

/** Accuracies as counts of images, losses with four decimals: what the file keeps. */
type TrainingLine = readonly [seed: number, validation: readonly number[], test: number, ...losses: readonly number[]]
type EntryLine = readonly [
  digits: string,
  child: readonly TrainingLine[],
  parent: readonly TrainingLine[],
  ...sizes: readonly number[],
]

const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals))

const trainingLine = (
  { images }: Table,
  { seed, validation, test, loss, lossValidation }: TabulatedTraining,
): TrainingLine => [
  seed,
  validation.map(accuracy => Math.round(accuracy * images.validation)),
  Math.round(test * images.test),
  rounded(loss, 4),
  rounded(lossValidation, 4),
]

const entryLine = (table: Table, entry: TableEntry): EntryLine => [
  digitsOf(entry.cell),
  entry.child.map(one => trainingLine(table, one)),
  entry.parent.map(one => trainingLine(table, one)),
  entry.binaryMacs,
  entry.floatMacs,
  entry.bits,
  entry.bytes,
  rounded(entry.milliseconds, 4),
]

/** The text of a table's file: JSON, an architecture a line, in the order of their digits. Accuracies are counts of images. */
export const printTable = (table: Table): string => {
  const { space, dataset, digest, images, training, engine, processor } = table
  const head = { format, version, space: space.name, dataset, digest, images, training, engine, processor }
  const lines = [...table.entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, entry]) => JSON.stringify(entryLine(table, entry)))
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "architectures": [\n${lines.join(',\n')}\n]}\n`
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isTraining = (value: unknown, { validation, test }: Table['images'], epochs: number): value is TrainingLine => {
  if (!Array.isArray(value) || value.length !== 5) return false
  const [seed, accuracies, tested, ...losses] = value as readonly unknown[]
  return (
    isWhole(seed) &&
    Array.isArray(accuracies) &&
    accuracies.length === epochs &&
    accuracies.every(count => isWhole(count) && count <= validation) &&
    isWhole(tested) &&
    tested <= test &&
    losses.every(isNumber)
  )
}

const isEntry = (
  value: unknown,
  images: Table['images'],
  epochs: number,
  known: ReadonlySet<unknown>,
): value is EntryLine => {
  if (!Array.isArray(value) || value.length !== 8) return false
  const [digits, child, parent, ...sizes] = value as readonly unknown[]
  return (
    known.has(digits) &&
    [child, parent].every(
      list => Array.isArray(list) && list.length > 0 && list.every(one => isTraining(one, images, epochs)),
    ) &&
    sizes.every(size => isNumber(size) && size >= 0)
  )
}

const trainingOf = (
  [seed, validation, test, loss, lossValidation]: TrainingLine,
  images: Table['images'],
): TabulatedTraining => ({
  seed,
  validation: validation.map(count => count / images.validation),
  test: test / images.test,
  loss: loss!,
  lossValidation: lossValidation!,
})

const entryOf = ([digits, child, parent, ...sizes]: EntryLine, images: Table['images']): TableEntry => {
  const [binaryMacs, floatMacs, bits, bytes, milliseconds] = sizes as unknown as readonly [
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    cell: cellOf(digits),
    child: child.map(one => trainingOf(one, images)),
    parent: parent.map(one => trainingOf(one, images)),
    ...{ binaryMacs, floatMacs, bits, bytes, milliseconds },
  }
}

const isImages = (value: unknown): value is Table['images'] =>
  isRecord(value) && ['training', 'validation', 'test'].every(name => isCount(value[name]))

/**
 * Reads the text of a table's file. InvalidData says what is wrong with it, `where` where it is from: no table, one of another version or
 * space, one that is damaged. A table that lacks architectures is one: see `isComplete`.
 */
export const parseTable = (text: string, where = 'table'): Either<CpnasError, Table> => {
  const invalid = (problem: string, remedy = 'Write it anew: cpnas table write') =>
    left(cpnasError('InvalidData', where, problem, remedy))
  const json = tryCatch((): unknown => JSON.parse(text), toError)
  if (json._tag === 'Left') return invalid(`is no whole table (${json.left.message})`)
  const file = json.right
  if (!isRecord(file) || file.format !== format)
    return invalid('is no table of cpnas', 'Give a file that `cpnas table write` wrote')
  if (file.version !== version)
    return invalid(
      `has format version ${JSON.stringify(file.version)}, this program reads ${version}`,
      'Build it anew with this version of cpnas, or read it with the one that wrote it',
    )
  if (file.space !== tiny.name)
    return invalid(`is of the space ${JSON.stringify(file.space)}`, `Give a table of the space ${tiny.name}`)
  const { dataset, digest, images, training, engine, processor, architectures } = file
  const texts = { dataset, digest, engine, processor }
  const missing = Object.entries(texts).find(([, value]) => typeof value !== 'string')
  if (missing !== undefined) return invalid(`does not say its ${missing[0]}`)
  if (!isImages(images)) return invalid('does not say how many images its networks saw')
  if (!isRecord(training) || !isCount(training.epochs)) return invalid('does not say how its networks were trained')
  const { epochs } = training
  if (!Array.isArray(architectures)) return invalid('has no architectures')
  const known = new Set<unknown>(allCells().map(digitsOf))
  const wrong = architectures.findIndex(line => !isEntry(line, images, epochs, known))
  if (wrong >= 0) return invalid(`has a damaged entry, number ${wrong + 1}`)
  const lines = architectures as readonly EntryLine[]
  return right({
    space: tiny,
    ...(texts as Record<keyof typeof texts, string>),
    images,
    training,
    entries: new Map(lines.map(line => [line[0], entryOf(line, images)])),
  })
}
