// A training step on random images, as the benchmarks beside it time it.
import { initialParameters, latentNames, network, parameterShapes } from '@cpnas/supernet'
import { crossEntropies, newLearner, sgd, trainStep } from '@cpnas/training'

/** The steps of Child and Parent of one genotype on one batch of `size` x `size` images. */
export const trainingSteps = (backend, spec, genotype, { batch, size }) => {
  const optimizer = sgd({ momentum: 0.9, weightDecay: 3e-4 })
  /** Uniform pseudo-random values in -1.7..1.7 (unit variance), the same in every run. */
  let state = 1
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state / 2 ** 31) * 1.732
  }
  const images = backend.tensor(Float32Array.from({ length: batch * size * size * 3 }, random), [batch, size, size, 3])
  const labels = backend.tensor(
    Float32Array.from({ length: batch }, (_, i) => i % 10),
    [batch],
  )
  return {
    learnerOf: kind => {
      const shapes = parameterShapes(spec, genotype, kind)
      const initial = initialParameters(shapes, 1)
      const parameters = Object.fromEntries(
        Object.entries(initial).map(([name, v]) => [name, backend.tensor(v, shapes[name])]),
      )
      return newLearner(optimizer, parameters)
    },
    step: (learner, kind) =>
      trainStep(backend, learner, crossEntropies(backend, [network(spec, genotype, kind)], images, labels), {
        optimizer,
        learningRate: 0.025,
        gradientClip: 5,
        latent: kind === 'child' ? latentNames(spec, genotype) : [],
      }),
  }
}
