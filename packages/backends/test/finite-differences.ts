import { type Backend, referenceBackend, sizeOf } from '@cpnas/backends'
import { expect } from 'vitest'
import { type Data, data, distinct } from './arbitraries.js'

/** Runs f on a reference backend and expects that it leaves no memory behind. */
export const onReference = async (f: <T>(backend: Backend<T>) => Promise<void>): Promise<void> => {
  const backend = referenceBackend()
  await f(backend)
  expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 })
}

export type Inputs = Readonly<Record<string, Data>>

/** A differentiable function of named tensors. */
export type Computation = <T>(backend: Backend<T>, x: Readonly<Record<string, T>>) => T

export const tensors = <T>(backend: Backend<T>, inputs: Inputs): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(inputs).map(([name, { values, shape }]) => [name, backend.tensor(values, shape)]))

/** sum(result * weights) with fixed weights that differ from element to element. */
const weighted = <T>(backend: Backend<T>, result: T): T => {
  const { values, shape } = data(distinct, backend.shape(result), 12345)
  return backend.sum(backend.mul(result, backend.tensor(values, shape)))
}

export const gradientsOf = async (
  f: Computation,
  inputs: Inputs,
): Promise<Readonly<Record<string, ArrayLike<number>>>> => {
  const result: Record<string, ArrayLike<number>> = {}
  await onReference(async backend => {
    const parameters = tensors(backend, inputs)
    const { value, gradients, aux } = backend.valueAndGrad(
      x => ({ value: weighted(backend, f(backend, x)) }),
      parameters,
    )
    expect(aux).toBeUndefined()
    for (const [name, gradient] of Object.entries(gradients)) {
      expect(backend.shape(gradient)).toEqual(inputs[name]!.shape)
      result[name] = await backend.read(gradient)
    }
    backend.dispose([value, gradients, parameters])
  })
  return result
}

const evaluate = async (f: Computation, inputs: Inputs): Promise<number> => {
  const backend = referenceBackend()
  const value = backend.scope(() => weighted(backend, f(backend, tensors(backend, inputs))))
  return (await backend.read(value))[0]!
}

const step = 1e-6

/**
 * Expects that f's gradient for every input is what central differences of `surrogate` say: along two random directions
 * and along the first and the last coordinate.
 */
export const expectGradients = async (f: Computation, inputs: Inputs, surrogate: Computation = f): Promise<void> => {
  const gradients = await gradientsOf(f, inputs)
  for (const [name, input] of Object.entries(inputs)) {
    const size = sizeOf(input.shape)
    const unit = (position: number) => input.values.map((_, i) => (i === position ? 1 : 0))
    for (const direction of [distinct(size, 1), distinct(size, 2), unit(0), unit(size - 1)]) {
      const at = (distance: number): Promise<number> =>
        evaluate(surrogate, {
          ...inputs,
          [name]: { ...input, values: input.values.map((v, i) => v + distance * direction[i]!) },
        })
      const difference = ((await at(step)) - (await at(-step))) / (2 * step)
      const terms = direction.map((d, i) => d * gradients[name]![i]!)
      const bound = 1e-6 * (1 + terms.reduce((sum, term) => sum + Math.abs(term), 0))
      const error = Math.abs(difference - terms.reduce((sum, term) => sum + term, 0))
      expect(error, `gradient of ${name}`).toBeLessThan(bound)
    }
  }
}
