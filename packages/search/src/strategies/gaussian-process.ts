/** A symmetric positive definite matrix by rows, its lower triangle. */
type Triangle = readonly Float64Array[]

/** L of K = L L^T, by rows; undefined if K is not positive definite. */
const cholesky = (k: Triangle): Triangle | undefined => {
  const l: Float64Array[] = []
  for (let i = 0; i < k.length; i++) {
    const row = Float64Array.from(k[i]!)
    for (let j = 0; j <= i; j++) {
      const other = j === i ? row : l[j]!
      let sum = row[j]!
      for (let m = 0; m < j; m++) sum -= row[m]! * other[m]!
      if (j < i) row[j] = sum / other[j]!
      else if (sum > 0) row[i] = Math.sqrt(sum)
      else return undefined
    }
    l.push(row)
  }
  return l
}

/** x of L x = b. */
const forwardSolve = (l: Triangle, b: ArrayLike<number>): Float64Array => {
  const x = new Float64Array(l.length)
  for (let i = 0; i < l.length; i++) {
    let sum = b[i]!
    const row = l[i]!
    for (let j = 0; j < i; j++) sum -= row[j]! * x[j]!
    x[i] = sum / row[i]!
  }
  return x
}

/** x of L^T x = b. */
const backwardSolve = (l: Triangle, b: ArrayLike<number>): Float64Array => {
  const x = Float64Array.from(b)
  for (let i = l.length - 1; i >= 0; i--) {
    const row = l[i]!
    x[i] = x[i]! / row[i]!
    for (let j = 0; j < i; j++) x[j] = x[j]! - row[j]! * x[i]!
  }
  return x
}

/** What a Gaussian process thinks of a point. */
export interface Belief {
  readonly mean: number
  /** Of the value without noise. */
  readonly deviation: number
}

/** How values covary: in units of their variance, so 1 for a point with itself. */
export type Kernel<X> = (a: X, b: X) => number

interface Fit<X> {
  /** The log of the likelihood of the values, up to a constant; larger is better. */
  readonly evidence: number
  readonly at: (x: X) => Belief
}

/** The posterior at a noise of `noise` times the variance of the values; that variance is the likeliest. Undefined: not positive definite. */
const fit = <X>(
  points: readonly X[],
  values: readonly number[],
  kernel: Kernel<X>,
  noise: number,
): Fit<X> | undefined => {
  const n = points.length
  const centre = values.reduce((a, b) => a + b, 0) / n
  const k = points.map((a, i) =>
    Float64Array.from({ length: i + 1 }, (_, j) => kernel(a, points[j]!) + (i === j ? noise : 0)),
  )
  const l = cholesky(k)
  if (l === undefined) return undefined
  const centred = values.map(value => value - centre)
  const half = forwardSolve(l, centred)
  const variance = Math.max(half.reduce((sum, value) => sum + value * value, 0) / n, 1e-12)
  const weights = backwardSolve(l, half)
  const logDeterminant = 2 * l.reduce((sum, row, i) => sum + Math.log(row[i]!), 0)
  return {
    evidence: -(n * Math.log(variance) + logDeterminant) / 2,
    at: x => {
      const toPoints = Float64Array.from(points, point => kernel(x, point))
      const mean = centre + toPoints.reduce((sum, value, i) => sum + value * weights[i]!, 0)
      const explained = forwardSolve(l, toPoints).reduce((sum, value) => sum + value * value, 0)
      return { mean, deviation: Math.sqrt(variance * Math.max(0, kernel(x, x) - explained)) }
    },
  }
}

/**
 * What is to be thought of any point after some values with noise were seen at others: a Gaussian process with a constant mean, whose
 * variance is the likeliest, and whose kernel and noise are the likeliest of those given (empirical Bayes). Needs at least one
 * value. Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, algorithm 2.1 and section 5.4.
 */
export const gaussianProcess = <X>(
  points: readonly X[],
  values: readonly number[],
  kernels: readonly Kernel<X>[],
  noises: readonly number[],
): ((x: X) => Belief) => {
  const fits = kernels
    .flatMap(kernel => noises.map(noise => fit(points, values, kernel, noise)))
    .filter(one => one !== undefined)
  if (fits.length === 0) throw new RangeError('gaussianProcess: no kernel is positive definite; give a noise above 0')
  return fits.reduce((best, one) => (one.evidence > best.evidence ? one : best)).at
}
