import type { Backend, TensorRecord } from '@cpnas/backends'
import { latentLimit } from '@cpnas/binarize'
import { clipFactor } from './clip.js'
import type { Learner, Optimizer } from './optimizer.js'

/** A network as a function of its parameters; images [n, height, width, channels], logits [n, classes]. */
export type Forward<T> = (backend: Backend<T>, parameters: TensorRecord<T>, images: T) => { readonly logits: T }

export interface StepOptions {
  readonly optimizer: Optimizer
  readonly learningRate: number
  /** Largest global norm of the gradients. Default: no clipping. */
  readonly gradientClip?: number
  /** Parameters to clip to [-1, 1] after the update: latent weights of 1-bit filters. Default none. */
  readonly latent?: readonly string[]
}

/**
 * One optimization step on the sum of the networks' mean cross-entropies; two networks are Child and Parent on one set of
 * weights. Takes over the learner's tensors: frees those it replaces. Gives each network's loss, shape [].
 */
export const trainStep = <T>(
  backend: Backend<T>,
  learner: Learner<T>,
  networks: readonly [Forward<T>, ...Forward<T>[]],
  images: T,
  labels: T,
  { optimizer, learningRate, gradientClip, latent = [] }: StepOptions,
): { readonly learner: Learner<T>; readonly losses: readonly T[] } => {
  const result = backend.scope(() => {
    const { gradients, aux: losses } = backend.valueAndGrad((parameters: TensorRecord<T>) => {
      const losses = networks.map(forward =>
        backend.softmaxCrossEntropy(forward(backend, parameters, images).logits, labels),
      )
      return { value: losses.reduce((a, b) => backend.add(a, b)), aux: losses }
    }, learner.parameters)
    const updated = optimizer.update(backend, gradients, learner, {
      learningRate,
      factor: gradientClip === undefined ? undefined : clipFactor(backend, gradients, gradientClip),
      limits: Object.fromEntries(latent.map(name => [name, latentLimit])),
    })
    return { learner: updated, losses }
  })
  disposeReplaced(backend, learner, result.learner)
  return result
}

const tensorsOf = <T>({ parameters, state }: Learner<T>): readonly T[] =>
  [parameters, ...Object.values(state)].flatMap(record => Object.values(record))

const disposeReplaced = <T>(backend: Backend<T>, before: Learner<T>, after: Learner<T>): void => {
  const kept = new Set(tensorsOf(after))
  backend.dispose(tensorsOf(before).filter(x => !kept.has(x)))
}
