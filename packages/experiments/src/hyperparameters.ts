import { type CpnasError, cpnasError, formatValue, type Idle, type OptionTable } from '@cpnas/core'
import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** The hyper-parameters of a kind of run. */
export interface Hyperparameters<P extends string, C extends object> {
  readonly table: OptionTable<C>
  /** Complete configurations by name. */
  readonly presets: Readonly<Record<P, C>>
}

/** The names of the hyper-parameters, in the order of their table. */
export const namesOf = <C extends object>({
  table,
}: {
  readonly table: OptionTable<C>
}): readonly (keyof C & string)[] => Object.keys(table) as (keyof C & string)[]

/** The hyper-parameters among some options, and the options that they replace. */
export const givenOf = <C extends object>(
  hyperparameters: { readonly table: OptionTable<C> },
  values: Partial<C>,
): Partial<C> => {
  const { table } = hyperparameters
  const own = namesOf(hyperparameters).filter(name => values[name] !== undefined)
  return Object.fromEntries([
    ...own.flatMap(name => (table[name].replaces === undefined ? [] : [[table[name].replaces, 'none']])),
    ...own.map(name => [name, values[name]]),
  ]) as Partial<C>
}

const isIdle = <C extends object>({ option, values, unless }: Idle, config: C): boolean =>
  values.includes(config[option as keyof C]) && !unless?.values.includes(config[unless.option as keyof C])

/** InvalidOption if one of the options given has no effect beside the others of the configuration. */
export const checkGiven = <C extends object>(
  hyperparameters: { readonly table: OptionTable<C> },
  values: Partial<C>,
  config: C,
): Either<CpnasError, void> => {
  for (const name of namesOf(hyperparameters)) {
    const { replaces, idle } = hyperparameters.table[name]
    const beside = [
      ...(replaces !== undefined && typeof values[replaces as keyof C] === 'object' ? [replaces] : []),
      ...(idle !== undefined && isIdle(idle, config) ? [idle.option] : []),
    ]
    if (values[name] && beside[0] !== undefined)
      return left(
        cpnasError(
          'InvalidOption',
          name,
          `has no effect beside \`${beside[0]}\` ${formatValue(config[beside[0] as keyof C])}`,
          `Leave it out, or give another \`${beside[0]}\``,
        ),
      )
  }
  return right(undefined)
}
