/**
 * e, the indicator of every operation that remains on an edge: exp(zbar_k) / sum_j exp(zbar_j), positive and of sum 1.
 * The largest value is subtracted first, so that no exponential overflows. Source: CP-NAS.
 */
export const softmax = (zbars: readonly number[]): readonly number[] => {
  const largest = Math.max(...zbars)
  const exponentials = zbars.map(zbar => Math.exp(zbar - largest))
  const sum = exponentials.reduce((a, b) => a + b, 0)
  return exponentials.map(value => value / sum)
}
