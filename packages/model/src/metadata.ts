import { choice, flag, formatError, integer, isCount, isRecord, type OptionTable, parseOptions } from '@cpnas/core'
import { type NetworkSpec, printGenotype, resolveSpec, spaceOf, validateGenotype } from '@cpnas/supernet'
import { operationOptions, spaceOption, type TrainedOn, withoutAdded } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import type { ModelHead } from './layout.js'

export const format = 'cpnas-model'
export const version = '1'

type Strings = Readonly<Record<string, string>>

const specOptions: OptionTable<Required<Omit<NetworkSpec, 'auxiliary' | 'partialChannels'>>> = {
  ...spaceOption,
  cells: { range: integer(1, 1000), description: 'cells' },
  channels: { range: integer(1, 65536), description: 'channels of the first cell' },
  inChannels: { range: integer(1, 65536), description: 'channels of the images' },
  classes: { range: integer(1, 1_000_000), description: 'classes' },
  ...operationOptions,
  affine: { range: flag, description: 'affine normalization' },
  stem: { range: choice('cifar', 'imagenet'), description: 'stem' },
}

/** What model files have that were written before there were these options. */
const added = { space: 'cp-nas' } as const

/** A spec of names alone: a space, an estimator or a scale that is given as a record has no name to be read back by. */
const namedSpec = (spec: NetworkSpec): Readonly<Record<string, unknown>> => {
  const { auxiliary: _, partialChannels: __, ...network } = resolveSpec(spec)
  const unnamed = Object.entries(network).find(([, value]) => typeof value === 'object')
  if (unnamed !== undefined)
    throw new RangeError(
      `a model file names its ${unnamed[0]}: add the record to those of its package to save this one`,
    )
  return withoutAdded(network, added)
}

/** Strings that say all that a model's head does. */
export const headStrings = ({
  spec,
  genotype,
  kind,
  classNames,
  image,
  normalization,
  trainedOn,
}: ModelHead): Strings => ({
  format,
  version,
  kind,
  spec: JSON.stringify(namedSpec(spec)),
  genotype: JSON.stringify(JSON.parse(printGenotype(genotype, spaceOf(spec)))),
  classes: JSON.stringify(classNames),
  image: JSON.stringify({ height: image.height, width: image.width, channels: image.channels }),
  normalization: JSON.stringify({ mean: normalization.mean, std: normalization.std }),
  ...(trainedOn === undefined
    ? {}
    : {
        trainedOn: JSON.stringify({
          dataset: trainedOn.dataset,
          digest: trainedOn.digest,
          shortSide: trainedOn.shortSide,
        }),
      }),
})

const json = (strings: Strings, name: string): E.Either<string, unknown> =>
  E.tryCatch(
    (): unknown => JSON.parse(strings[name] ?? ''),
    () => (strings[name] === undefined ? `its ${name} is missing` : `its ${name} is not JSON`),
  )

const field = <A>(strings: Strings, name: string, parse: (value: unknown) => E.Either<string, A>) => {
  const value = json(strings, name)
  return E.isLeft(value) ? value : parse(value.right)
}

const check =
  <A>(holds: (value: unknown) => value is A, problem: string) =>
  (value: unknown): E.Either<string, A> =>
    holds(value) ? E.right(value) : E.left(problem)

const isNames =
  (classes: number) =>
  (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.length === classes && value.every(name => typeof name === 'string')

const isImage =
  (channels: number) =>
  (value: unknown): value is ModelHead['image'] =>
    isRecord(value) && isCount(value.height) && isCount(value.width) && value.channels === channels

const isNormalization =
  (channels: number) =>
  (value: unknown): value is ModelHead['normalization'] =>
    isRecord(value) &&
    [value.mean, value.std].every(
      list => Array.isArray(list) && list.length === channels && list.every(x => typeof x === 'number'),
    ) &&
    (value.std as readonly number[]).every(x => x >= 0)

const isTrainedOn = (value: unknown): value is TrainedOn =>
  isRecord(value) &&
  typeof value.dataset === 'string' &&
  typeof value.digest === 'string' &&
  (value.shortSide === undefined || isCount(value.shortSide))

/** Reads what `headStrings` wrote, or says what is wrong with it. */
export const parseHead = (strings: Strings): E.Either<string, ModelHead> => {
  const spec = field(strings, 'spec', value =>
    E.mapLeft(formatError)(parseOptions(specOptions, value, 'a network', added)),
  )
  if (E.isLeft(spec)) return E.left(spec.left.replace(/^(?!its)/, 'its spec: ').replace(/\.$/, ''))
  const { classes, inChannels } = spec.right
  const genotype = field(strings, 'genotype', value =>
    E.mapLeft(({ problem }: { problem: string }) => `its genotype: ${problem}`)(validateGenotype(value)),
  )
  if (E.isLeft(genotype)) return genotype
  if (genotype.right.space !== spaceOf(spec.right))
    return E.left(`its genotype is of the space ${genotype.right.space.name}, its spec of ${spaceOf(spec.right).name}`)
  const { kind } = strings
  if (kind !== 'child' && kind !== 'parent') return E.left(`its kind is ${JSON.stringify(kind) ?? 'missing'}`)
  const classNames = field(strings, 'classes', check(isNames(classes), `its classes are not ${classes} names`))
  if (E.isLeft(classNames)) return classNames
  const image = field(
    strings,
    'image',
    check(isImage(inChannels), `its image is not a height, a width and ${inChannels} channels`),
  )
  if (E.isLeft(image)) return image
  const normalization = field(
    strings,
    'normalization',
    check(isNormalization(inChannels), `its normalization is not a mean and a std for ${inChannels} channels`),
  )
  if (E.isLeft(normalization)) return normalization
  const trainedOn =
    strings.trainedOn === undefined
      ? E.right(undefined)
      : field(strings, 'trainedOn', check(isTrainedOn, 'its trainedOn does not name a data set and its digest'))
  if (E.isLeft(trainedOn)) return trainedOn
  return E.right({
    spec: spec.right,
    genotype: genotype.right.genotype,
    kind,
    classNames: classNames.right,
    image: image.right,
    normalization: normalization.right,
    ...(trainedOn.right === undefined ? {} : { trainedOn: trainedOn.right }),
  })
}
