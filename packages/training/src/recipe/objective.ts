import { type Centers, cpLoss, type ParentInputs } from '@cpnas/cp-loss'
import type { Objective } from '../loop/step.js'
import type { RecipeContext, Stage } from './context.js'
import { dropPathMasks } from './drop-path.js'
import { distillationLoss, type SoftTargets, smoothedCrossEntropy } from './losses.js'
import { joinMoments, type Moments } from './moments.js'
import type { LossTerms } from './types.js'

export type TermName = keyof LossTerms

/** The terms of a stage's loss with their weights, in order; the cross-entropy is always there, the others if they weigh something. */
export const termsOf = <T>({ config }: RecipeContext<T>, stage: Stage): ReadonlyMap<TermName, number> => {
  const weights: readonly (readonly [TermName, number])[] = [
    ['crossEntropy', config.crossEntropyWeight],
    ['filter', stage.latent.length > 0 ? config.filterWeight : 0],
    ['compactness', config.lambda],
    ['auxiliary', config.auxiliaryWeight],
    ['distillation', config.distillationWeight],
  ]
  return new Map(weights.filter(([name, weight]) => name === 'crossEntropy' || weight > 0))
}

/** A step's images and random masks. */
export interface StepInputs<T> {
  readonly images: T
  readonly labels: T
  readonly targets: SoftTargets<T> | undefined
  /** What the Parent has and makes of the images, if the loss holds the Child to it. */
  readonly parent: ParentInputs<T> | undefined
  /** Before this batch. */
  readonly centers: Centers<T> | undefined
  readonly dropPath: { readonly probability: number; readonly place: string }
}

/** The results of a step besides its gradients. Scalars have the shape []. */
export interface StepAux<T> {
  readonly loss: T
  /** Images that were classified right. */
  readonly correct: T
  /** Without their weights, in the order of `termsOf`. */
  readonly terms: readonly T[]
  readonly moments: Moments<T>
  readonly centers: Centers<T> | undefined
}

/**
 * The loss of a training step as a function of the parameters: crossEntropyWeight * CE (with label smoothing) + filterWeight * filterLoss +
 * lambda * compactnessLoss + auxiliaryWeight * CE of the auxiliary head + distillationWeight * distillation. Terms of weight 0 are not
 * computed. Source of the first three: CP-NAS, the loss of the Child.
 */
export const trainingObjective = <T>(
  context: RecipeContext<T>,
  stage: Stage,
  { images, labels, targets, parent, centers, dropPath }: StepInputs<T>,
): Objective<T, StepAux<T>> => {
  const { backend, config, normalizations, spec } = context
  const weights = termsOf(context, stage)
  return parameters => {
    const [n = 0] = backend.shape(images)
    const observed = new Map<string, Moments<T>>()
    const mask = dropPathMasks(backend, n, dropPath.probability, config.seed, dropPath.place)
    const output = stage.forward(backend, parameters, images, {
      observe: (name, moments) => observed.set(name, moments),
      ...(dropPath.probability > 0 ? { dropPath: mask } : {}),
      auxiliary: weights.has('auxiliary'),
    })
    const { logits, features } = output
    const { value, aux } = cpLoss(
      backend,
      {
        crossEntropy: smoothedCrossEntropy(backend, logits, labels, config.labelSmoothing),
        features,
        labels,
        classes: spec.model.classes,
        filters: stage.latent.map(name => parameters[name]!),
        parent,
      },
      centers,
      {
        crossEntropyWeight: config.crossEntropyWeight,
        filterWeight: weights.get('filter') ?? 0,
        lambda: config.lambda,
        estimator: config.estimator,
        scale: config.scale,
      },
    )
    const others: Readonly<Record<'auxiliary' | 'distillation', () => T>> = {
      auxiliary: () => smoothedCrossEntropy(backend, output.auxiliary!, labels, config.labelSmoothing),
      distillation: () => distillationLoss(backend, logits, labels, targets!, config.temperature),
    }
    const added = (['auxiliary', 'distillation'] as const).flatMap(name => {
      const weight = weights.get(name)
      return weight === undefined ? [] : [{ name, weight, term: others[name]() }]
    })
    const loss = added.reduce((sum, { weight, term }) => backend.add(sum, backend.mul(term, weight)), value)
    return {
      value: loss,
      aux: {
        loss,
        correct: backend.sum(backend.equal(backend.argMax(logits), labels)),
        terms: [...Object.values(aux.terms), ...added.map(({ term }) => term)],
        moments: joinMoments(backend, normalizations, observed),
        centers: aux.centers,
      },
    }
  }
}
