import { formatValue, kebabCase, parseValue } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { ablationOptions, places, type Side } from './options.js'

/** A value that an option can take in an ablation. */
export type Value = string | number | boolean

/** An option that is varied, by its name in `FlatConfig`, and the values it takes. */
export interface Vary {
  readonly name: string
  readonly values: readonly Value[]
}

/** A value for every option that is varied, in their order. */
export type Assignment = Readonly<Record<string, Value>>

const variable = Object.keys(places).filter(name => name !== 'seed' && ablationOptions[name]!.range.kind !== 'list')

/** Reads `beta-p=0,0.5,1`; Left says what it should be. Whether the values are in range is checked by the table. */
export const parseVary = (text: string): E.Either<string, Vary> => {
  const [left = '', right] = text.split('=')
  const name = variable.find(one => kebabCase(one) === left.replace(/^--/, ''))
  if (name === undefined || right === undefined)
    return E.left('OPTION=VALUE,VALUE,... where OPTION is one of the hyper-parameters, e.g. beta-p=0,1,2')
  const parse = parseValue(ablationOptions[name]!.range)
  const values: Value[] = []
  for (const one of right.split(',')) {
    const value = parse(one)
    if (E.isLeft(value)) return E.left(`values of ${kebabCase(name)}, each ${value.left}`)
    values.push(value.right as Value)
  }
  return new Set(values).size < values.length
    ? E.left(`${kebabCase(name)} every value once`)
    : E.right({ name, values })
}

/** The text that `parseVary` reads. */
export const formatVary = ({ name, values }: Vary): string => `${kebabCase(name)}=${values.map(formatValue).join(',')}`

/** Every combination of the values, the first option's values changing last. */
export const assignments = (vary: readonly Vary[]): readonly Assignment[] =>
  vary.reduce<readonly Assignment[]>(
    (all, { name, values }) => all.flatMap(before => values.map(value => ({ ...before, [name]: value }))),
    [{}],
  )

/** The values of one side, or those of both. */
export const ofSide = (assignment: Assignment, side: Side): Assignment =>
  Object.fromEntries(Object.entries(assignment).filter(([name]) => places[name]!.side === side))

/** `beta-p=0.5,lambda=0`, for the name of a directory; empty for no values. */
export const label = (assignment: Assignment): string =>
  Object.entries(assignment)
    .map(([name, value]) => `${kebabCase(name)}=${formatValue(value)}`)
    .join(',')
