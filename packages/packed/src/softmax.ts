/** Confidences that the scores of one image stand for: exp(score) over the sum of all, without overflow. They add up to 1. */
export const softmax = (scores: ArrayLike<number>): readonly number[] => {
  const values = Array.from(scores)
  const largest = Math.max(...values)
  const powers = values.map(score => Math.exp(score - largest))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map(power => power / sum)
}
