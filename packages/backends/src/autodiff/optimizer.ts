import type { Backend } from '../backend.js'
import type { ParameterUpdate } from '../kernels.js'
import { checkIs } from './check.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

type Optimizing<H> = Pick<Backend<Tensor<H>>, 'squaredNorm' | 'sgdStep' | 'adamStep'>

/** An optimizer's state for a parameter, by name; absent before the first update. */
type Slots<K extends string, X> = { readonly [name in K]?: X | undefined }
/** A parameter after its update, and its new optimizer state. */
type Updated<K extends string, X> = { readonly [name in K | 'parameter']: X }

/** Operands are treated as constants: an update is not differentiated. */
export const optimizing = <H>({ kernels, untracked }: Recorder<H>): Optimizing<H> => {
  const stepping =
    <K extends string, C>(
      name: string,
      slots: readonly K[],
      kernel: (
        updates: readonly (ParameterUpdate<H> & Slots<K, H>)[],
        coefficients: C,
        factor: H | undefined,
      ) => readonly Updated<K, H>[],
    ) =>
    (
      updates: readonly (ParameterUpdate<Tensor<H>> & Slots<K, Tensor<H>>)[],
      coefficients: C,
      factor?: Tensor<H>,
    ): readonly Updated<K, Tensor<H>>[] => {
      if (factor !== undefined) checkIs(name, 'factor', factor.shape, [])
      updates.forEach((update, i) => {
        const { parameter, gradient } = update
        checkIs(name, `the gradient of parameter ${i}`, gradient.shape, parameter.shape)
        for (const slot of slots) {
          const remembered = update[slot]
          if (remembered !== undefined)
            checkIs(name, `the ${slot} of parameter ${i}`, remembered.shape, parameter.shape)
        }
      })
      if (updates.length === 0) return []
      const handles = updates.map(update => ({
        parameter: update.parameter.handle,
        gradient: update.gradient.handle,
        limit: update.limit,
        ...(Object.fromEntries(slots.map(slot => [slot, update[slot]?.handle])) as Slots<K, H>),
      }))
      return kernel(handles, coefficients, factor?.handle).map((updated, i) => {
        const { shape } = updates[i]!.parameter
        const made = (['parameter', ...slots] as const).map(part => [part, untracked(updated[part], shape)])
        return Object.fromEntries(made) as Updated<K, Tensor<H>>
      })
    }

  return {
    squaredNorm: xs =>
      untracked(xs.length === 0 ? kernels.fill(0, []) : kernels.squaredNorm(xs.map(({ handle }) => handle)), []),
    sgdStep: stepping('sgdStep', ['velocity'], kernels.sgdStep),
    adamStep: stepping('adamStep', ['first', 'second'], kernels.adamStep),
  }
}
