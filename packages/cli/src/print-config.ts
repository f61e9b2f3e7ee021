import { formatValue } from '@cpnas/core'
import { givenOf, type Hyperparameters, namesOf } from '@cpnas/experiments'
import { flagOf } from './command.js'
import type { Grid } from './report/layout.js'

/** A hyper-parameter's value, and where it is from. */
export interface SourcedValue {
  readonly value: unknown
  readonly source: string
}

/** Every hyper-parameter by name: given on the command line, from --config, or of the preset, whose values have sources of their own. */
export const sourcedConfig = <P extends string, C extends object>(
  hyperparameters: Hyperparameters<P, C>,
  config: C,
  { file, own }: { readonly file: Partial<C>; readonly own: Partial<C> },
  sources: Readonly<Record<keyof C, string>>,
): Readonly<Record<string, SourcedValue>> => {
  const [typed, written] = [givenOf(hyperparameters, own), givenOf(hyperparameters, file)]
  const sourceOf = (name: keyof C): string =>
    typed[name] !== undefined ? 'the command line' : written[name] !== undefined ? '--config' : sources[name]
  return Object.fromEntries(
    namesOf(hyperparameters).map(name => [name, { value: config[name], source: sourceOf(name) }]),
  )
}

/** As a table, an option a row. */
export const configTable = (config: Readonly<Record<string, SourcedValue>>): Grid => ({
  head: ['option', 'value', 'source'],
  rows: Object.entries(config).map(([name, { value, source }]) => [flagOf(name), formatValue(value), source]),
  words: 3,
  widest: 76,
})
