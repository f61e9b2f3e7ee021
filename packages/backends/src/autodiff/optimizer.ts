import type { Backend } from '../backend.js'
import { checkIs } from './check.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

/** Both see their operands as constants: an update is not differentiated. */
export const optimizing = <H>({
  kernels,
  untracked,
}: Recorder<H>): Pick<Backend<Tensor<H>>, 'squaredNorm' | 'sgdStep'> => ({
  squaredNorm: xs =>
    untracked(xs.length === 0 ? kernels.fill(0, []) : kernels.squaredNorm(xs.map(({ handle }) => handle)), []),
  sgdStep: (updates, coefficients, factor) => {
    if (factor !== undefined) checkIs('sgdStep', 'factor', factor.shape, [])
    updates.forEach(({ parameter, gradient, velocity }, i) => {
      checkIs('sgdStep', `the gradient of parameter ${i}`, gradient.shape, parameter.shape)
      if (velocity !== undefined) checkIs('sgdStep', `the velocity of parameter ${i}`, velocity.shape, parameter.shape)
    })
    if (updates.length === 0) return []
    const updated = kernels.sgdStep(
      updates.map(({ parameter, gradient, velocity, limit }) => ({
        parameter: parameter.handle,
        gradient: gradient.handle,
        velocity: velocity?.handle,
        limit,
      })),
      coefficients,
      factor?.handle,
    )
    return updated.map(({ parameter, velocity }, i) => {
      const { shape } = updates[i]!.parameter
      return { parameter: untracked(parameter, shape), velocity: untracked(velocity, shape) }
    })
  },
})
