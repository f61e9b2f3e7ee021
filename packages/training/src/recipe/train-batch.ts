import type { BatchStep } from '../loop/over-batches.js'
import { optimize } from '../loop/step.js'
import { learningRateAt } from '../schedules/learning-rate.js'
import { updateAverage } from './average.js'
import type { Carried, RecipeContext, Stage } from './context.js'
import { dropPathAt } from './drop-path.js'
import { softTargets } from './losses.js'
import { updateMoments } from './moments.js'
import { trainingObjective } from './objective.js'
import { teach } from './teacher.js'

/** Where a step is: each from 1; `update` counts the steps of the stage. */
export interface StepPlace {
  readonly epoch: number
  readonly update: number
}

/**
 * One training step: the update of the weights, then of what follows them. Its terms are the loss, the images classified
 * right, and the terms of `termsOf`. Makes new tensors and frees none that were there before it.
 */
export const trainBatch = <T>(
  context: RecipeContext<T>,
  stage: Stage,
  { epoch, update }: StepPlace,
  carried: Carried<T>,
  images: T,
  labels: T,
): BatchStep<T, Carried<T>> => {
  const { backend, config, optimizer, teacher, splits } = context
  const taught = teacher && teach(backend, teacher, images)
  const targets =
    taught && config.distillationWeight > 0 ? softTargets(backend, taught.logits, config.temperature) : undefined
  const parent =
    taught && config.cpTarget === 'parent'
      ? { filters: stage.latent.map(name => teacher.parameters[name]!), features: taught.features }
      : undefined
  const objective = trainingObjective(context, stage, {
    images,
    labels,
    targets,
    parent,
    centers: carried.centers,
    dropPath: { probability: dropPathAt(config, epoch), place: `${stage.number} ${update}` },
  })
  const { learner, aux } = optimize(backend, carried.learner, objective, {
    optimizer,
    learningRate: learningRateAt(config, update - 1, splits.trainingSteps),
    gradientClip: config.gradientClip,
    latent: stage.latent,
  })
  const average =
    config.emaDecay > 0
      ? updateAverage(
          backend,
          carried.average ?? carried.learner.parameters,
          learner.parameters,
          config.emaDecay,
          update,
        )
      : undefined
  return {
    carried: {
      learner,
      moments: updateMoments(backend, carried.moments, aux.moments, config.statisticsDecay, update),
      average,
      centers: aux.centers,
    },
    terms: [{ x: aux.loss, mean: true }, { x: aux.correct, mean: false }, ...aux.terms.map(x => ({ x, mean: true }))],
  }
}
