import type { Backend, Shape } from '@cpnas/backends'

/**
 * The mean feature map of every class over the samples seen so far. A record of tensors by name, to be carried from step to step and kept
 * in checkpoints like parameters: a run that resumes from it is the same run.
 */
export type Centers<T> = {
  /** Samples seen of every class, [classes]; exact up to 2^24 in float32. */
  readonly counts: T
  /** [classes, h, w, c]; 0 for a class not seen yet. */
  readonly means: T
}

/** Of no samples: `featureShape` is that of one sample's feature map, [h, w, c]. */
export const initialCenters = <T>(backend: Backend<T>, classes: number, featureShape: Shape): Centers<T> => ({
  counts: backend.full(0, [classes]),
  means: backend.full(0, [classes, ...featureShape]),
})
