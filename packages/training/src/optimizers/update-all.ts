import type { ParameterUpdate, TensorRecord } from '@cpnas/backends'
import type { Learner, UpdateOptions } from './optimizer.js'

/** A parameter with its gradient, the number of its update, from 1, and, unless this is its first, its optimizer state. */
type Update<K extends string, T> = ParameterUpdate<T> & { readonly number: number } & {
  readonly [slot in K]?: T | undefined
}
/** A parameter after its update, and its new optimizer state. */
type Updated<K extends string, T> = { readonly [part in K | 'parameter']: T }

/**
 * The learner after `step` on all parameters that have a gradient, in the order of the gradients; `slots` name the optimizer's state for a
 * parameter.
 */
export const updateAll = <K extends string, T>(
  slots: readonly K[],
  gradients: TensorRecord<T>,
  { parameters, state, updates }: Learner<T>,
  { limits = {} }: UpdateOptions<T>,
  step: (updates: readonly Update<K, T>[]) => readonly Updated<K, T>[],
): Learner<T> => {
  const names = Object.keys(gradients)
  const numbers = Object.fromEntries(names.map(name => [name, (updates[name] ?? 0) + 1]))
  const updated = step(
    names.map(name => ({
      parameter: parameters[name]!,
      gradient: gradients[name]!,
      limit: limits[name],
      number: numbers[name]!,
      ...(Object.fromEntries(slots.map(slot => [slot, state[slot]?.[name]])) as { readonly [slot in K]?: T }),
    })),
  )
  const replaced = (record: TensorRecord<T> | undefined, part: K | 'parameter'): TensorRecord<T> => ({
    ...record,
    ...Object.fromEntries(names.map((name, i) => [name, updated[i]![part]])),
  })
  return {
    parameters: replaced(parameters, 'parameter'),
    state: { ...state, ...Object.fromEntries(slots.map(slot => [slot, replaced(state[slot], slot)])) },
    updates: { ...updates, ...numbers },
  }
}
