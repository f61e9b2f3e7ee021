import type { Backend } from '@cpnas/backends'

/** 1 at the class of every image, [n, classes]. */
const oneHot = <T>(backend: Backend<T>, labels: T, classes: number): T => {
  const [n = 0] = backend.shape(labels)
  const indices = Array.from({ length: classes }, (_, index) => index)
  return backend.equal(backend.reshape(labels, [n, 1]), backend.tensor(indices, [1, classes]))
}

/** Mean over the images of the sum over the classes of p * logits: both [n, classes], no gradient to p. */
const meanUnder = <T>(backend: Backend<T>, p: T, logits: T): T => {
  const [n = 0] = backend.shape(logits)
  return backend.div(backend.sum(backend.mul(p, logits)), n)
}

/**
 * Mean cross-entropy of logits [n, classes] with the classes [n], of which each has probability 1 - smoothing + smoothing /
 * classes, every other smoothing / classes (Szegedy et al., arXiv 1512.00567); shape [].
 *
 * It is CE + smoothing * (the mean logit of the true classes - the mean of all logits), for -log softmax_k = L - logit_k with
 * one L an image: no softmax is computed twice.
 */
export const smoothedCrossEntropy = <T>(backend: Backend<T>, logits: T, labels: T, smoothing: number): T => {
  const crossEntropy = backend.softmaxCrossEntropy(logits, labels)
  if (smoothing === 0) return crossEntropy
  const [, classes = 0] = backend.shape(logits)
  const own = meanUnder(backend, oneHot(backend, labels, classes), logits)
  return backend.add(crossEntropy, backend.mul(backend.sub(own, backend.mean(logits)), smoothing))
}

/** Class probabilities to learn from, [n, classes], and the mean of their entropies, shape []. */
export interface SoftTargets<T> {
  readonly probabilities: T
  readonly entropy: T
}

/** softmax(logits / temperature) of a teacher. */
export const softTargets = <T>(backend: Backend<T>, logits: T, temperature: number): SoftTargets<T> =>
  backend.scope(() => {
    const [n = 0, classes = 0] = backend.shape(logits)
    const scaled = backend.div(logits, temperature)
    const largest = backend.sum(backend.mul(oneHot(backend, backend.argMax(scaled), classes), scaled), [1])
    const shifted = backend.sub(scaled, backend.reshape(largest, [n, 1]))
    const exponentials = backend.exp(shifted)
    const sums = backend.reshape(backend.sum(exponentials, [1]), [n, 1])
    const probabilities = backend.div(exponentials, sums)
    const logarithms = backend.sub(shifted, backend.log(sums))
    return { probabilities, entropy: backend.neg(meanUnder(backend, probabilities, logarithms)) }
  })

/**
 * temperature^2 * mean KL(teacher || softmax(logits / temperature)), shape []: the square keeps the size of the gradient
 * whatever the temperature (Hinton et al., arXiv 1503.02531). Labels [n] are the images' classes; they do not change the value.
 */
export const distillationLoss = <T>(
  backend: Backend<T>,
  logits: T,
  labels: T,
  { probabilities, entropy }: SoftTargets<T>,
  temperature: number,
): T => {
  const [, classes = 0] = backend.shape(logits)
  const scaled = backend.div(logits, temperature)
  // -log softmax_k = L - logit_k, and the mean of L is CE plus the mean logit of the true classes.
  const normalizer = backend.add(
    backend.softmaxCrossEntropy(scaled, labels),
    meanUnder(backend, oneHot(backend, labels, classes), scaled),
  )
  const crossEntropy = backend.sub(normalizer, meanUnder(backend, probabilities, scaled))
  return backend.mul(backend.sub(crossEntropy, entropy), temperature ** 2)
}
