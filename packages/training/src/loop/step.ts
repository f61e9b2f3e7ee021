import type { Backend, TensorRecord } from '@cpnas/backends'
import { latentLimit } from '@cpnas/binarize'
import { clipFactor } from '../optimizers/clip.js'
import type { Learner, Optimizer } from '../optimizers/optimizer.js'
import { disposeReplaced } from './dispose-replaced.js'

/** Work of a training step, in evaluation steps: a forward pass, and a backward pass of about twice the work. */
export const trainingStepWork = 3

/** A network as a function of its parameters; images [n, height, width, channels], logits [n, classes]. */
export type Forward<T> = (backend: Backend<T>, parameters: TensorRecord<T>, images: T) => { readonly logits: T }

/** The objective that a step minimizes, as a function of the parameters: `value` has the shape []. `aux` holds its other results. */
export type Objective<T, A> = (parameters: TensorRecord<T>) => { readonly value: T; readonly aux: A }

/** How gradients change the weights. */
export interface StepOptions {
  readonly optimizer: Optimizer
  readonly learningRate: number
  /** Largest global norm of the gradients. Default, and 0: no clipping. */
  readonly gradientClip?: number
  /** Parameters to clip to [-1, 1] after the update: latent weights of 1-bit filters. Default none. */
  readonly latent?: readonly string[]
}

/** The result of a step. */
export interface Updated<T, A> {
  readonly learner: Learner<T>
  readonly aux: A
}

/**
 * The sum of the networks' mean cross-entropies; two networks are Child and Parent on one set of weights. `aux` is the
 * cross-entropy of each, shape [].
 */
export const crossEntropies =
  <T>(
    backend: Backend<T>,
    networks: readonly [Forward<T>, ...Forward<T>[]],
    images: T,
    labels: T,
  ): Objective<T, readonly T[]> =>
  parameters => {
    const losses = networks.map(forward =>
      backend.softmaxCrossEntropy(forward(backend, parameters, images).logits, labels),
    )
    return { value: losses.reduce((a, b) => backend.add(a, b)), aux: losses }
  }

/** One optimization step on the objective. Makes new tensors and frees none that were there before it. */
export const optimize = <T, A>(
  backend: Backend<T>,
  learner: Learner<T>,
  objective: Objective<T, A>,
  { optimizer, learningRate, gradientClip = 0, latent = [] }: StepOptions,
): Updated<T, A> =>
  backend.scope(() => {
    const { gradients, aux } = backend.valueAndGrad(objective, learner.parameters)
    const updated = optimizer.update(backend, gradients, learner, {
      learningRate,
      factor: gradientClip === 0 ? undefined : clipFactor(backend, gradients, gradientClip),
      limits: Object.fromEntries(latent.map(name => [name, latentLimit])),
    })
    return { learner: updated, aux }
  })

/** One optimization step on the objective. Consumes the learner's tensors: frees those it replaces. */
export const trainStep = <T, A>(
  backend: Backend<T>,
  learner: Learner<T>,
  objective: Objective<T, A>,
  options: StepOptions,
): Updated<T, A> => {
  const result = optimize(backend, learner, objective, options)
  disposeReplaced(backend, learner, result.learner)
  return result
}
