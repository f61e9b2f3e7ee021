import type { Backend, Shape, TensorRecord } from '@cpnas/backends'

/** Statistics of all normalizations of a network, one after the other: [channels of all]. */
export interface Moments<T> {
  readonly mean: T
  readonly variance: T
}

/** Names and sizes of normalizations, in the order in which their statistics follow one another. */
export type Normalizations = Readonly<Record<string, Shape>>

const kinds = ['mean', 'variance'] as const

/** Observed statistics, by the name of their normalization, one after the other. ShapeError if one is missing. */
export const joinMoments = <T>(
  backend: Backend<T>,
  normalizations: Normalizations,
  observed: ReadonlyMap<string, Moments<T>>,
): Moments<T> => {
  const join = (kind: (typeof kinds)[number]): T =>
    backend.concat(
      Object.keys(normalizations).map(name => {
        const moments = observed.get(name)
        if (moments === undefined) throw new Error(`the statistics of ${name} were not observed`)
        return moments[kind]
      }),
      0,
    )
  return { mean: join('mean'), variance: join('variance') }
}

/** The inverse: `NAME.mean` and `NAME.variance`, each [channels]. */
export const splitMoments = <T>(
  backend: Backend<T>,
  normalizations: Normalizations,
  moments: Moments<T>,
): TensorRecord<T> => {
  let offset = 0
  return Object.fromEntries(
    Object.entries(normalizations).flatMap(([name, [size = 0]]) => {
      const begin = offset
      offset += size
      return kinds.map(kind => [`${name}.${kind}`, backend.slice(moments[kind], [begin], [size])] as const)
    }),
  )
}

/** How many values a kind of statistics has. */
export const momentsSize = (normalizations: Normalizations): number =>
  Object.values(normalizations).reduce((sum, [size = 0]) => sum + size, 0)

/**
 * decay * running + (1 - decay) * batch, in one pass for all normalizations. The decay of update t (from 1) is
 * min(decay, (t - 1) / t): the mean of the batches so far until those are 1 / (1 - decay), so that no starting value is left in.
 */
export const updateMoments = <T>(
  backend: Backend<T>,
  running: Moments<T> | undefined,
  batch: Moments<T>,
  decay: number,
  update: number,
): Moments<T> => {
  if (running === undefined) return batch
  const kept = Math.min(decay, (update - 1) / update)
  const mix = (a: T, b: T): T => backend.linearCombination(kept, a, 1 - kept, b)
  return { mean: mix(running.mean, batch.mean), variance: mix(running.variance, batch.variance) }
}
