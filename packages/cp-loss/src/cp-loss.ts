import type { Backend } from '@cpnas/backends'
import { type Centers, initialCenters } from './centers.js'
import { compactnessLoss } from './compactness-loss.js'
import { featureLoss } from './feature-loss.js'
import { type FilterLossOptions, filterLoss } from './filter-loss.js'
import { updateCenters } from './update-centers.js'

/** What the Parent has and makes of the same batch. */
export interface ParentInputs<T> {
  /** Of the 1-bit layers, in the order of the Child's. */
  readonly filters: readonly T[]
  /** As the Child's, [n, h, w, c]. */
  readonly features: T
}

/** The results of a batch. */
export interface CpLossInputs<T> {
  /** L_CE, shape []: `softmaxCrossEntropy` of the logits, or what a recipe has in its place. */
  readonly crossEntropy: T
  /** The last convolutional feature map, [n, h, w, c]. */
  readonly features: T
  /** Class indices, [n]. */
  readonly labels: T
  readonly classes: number
  /** Latent filters of the 1-bit layers. */
  readonly filters: readonly T[]
  /** A trained Parent that filters and features are drawn to. Default: the Child's own, reconstructed, and the means of its classes. */
  readonly parent?: ParentInputs<T> | undefined
}

/** The weights of the terms, and options that the source leaves open. */
export interface CpLossOptions extends FilterLossOptions {
  /** Default 1, as in the source. */
  readonly crossEntropyWeight?: number
  /** Weight of the filters' MSE. Default 1, as in the source. */
  readonly filterWeight?: number
  /** lambda, the weight of the compactness. Default 0.01. Not stated in the source. */
  readonly lambda?: number
}

/** The terms, each shape [] and without its weight. One of weight 0 is absent, but for the cross-entropy, which was given. */
export interface CpLossTerms<T> {
  readonly crossEntropy: T
  readonly filter?: T
  readonly compactness?: T
}

/** As a function under `valueAndGrad` returns it. */
export interface CpLossResult<T> {
  readonly value: T
  readonly aux: {
    readonly terms: CpLossTerms<T>
    /** Of the samples seen so far and of this batch; for the next batch. As given where lambda is 0 or there is a Parent. */
    readonly centers: Centers<T> | undefined
  }
}

/**
 * The kernel-level Child-Parent loss, L = L_CE + L_H, with a weight on each term:
 * crossEntropyWeight * L_CE + filterWeight * `filterLoss` + lambda * `compactnessLoss`. A term of weight 0 is neither computed nor
 * added. The class means that a batch is compared with include the batch, so that a class is compared with its own mean from its
 * first batch on (not stated in the source). `centers` are undefined before the first batch, and stay the caller's. ShapeError if
 * the inputs do not fit.
 *
 * The source's symbols allow two readings. Without `parent`, filters are compared with their own reconstruction and features with the means of
 * their classes. With it, reconstructed filters are compared with the Parent's and features with the Parent's (`featureLoss`).
 * Source: CP-NAS, the loss of the Child.
 */
export const cpLoss = <T>(
  backend: Backend<T>,
  { crossEntropy, features, labels, classes, filters, parent }: CpLossInputs<T>,
  centers: Centers<T> | undefined,
  { crossEntropyWeight = 1, filterWeight = 1, lambda = 0.01, ...filterOptions }: CpLossOptions = {},
): CpLossResult<T> =>
  backend.scope(() => {
    const before = () => centers ?? initialCenters(backend, classes, backend.shape(features).slice(1))
    const updated = lambda === 0 || parent !== undefined ? centers : updateCenters(backend, before(), features, labels)
    const compactness = (): T =>
      parent === undefined
        ? compactnessLoss(backend, features, labels, updated!)
        : featureLoss(backend, features, parent.features)
    const terms: CpLossTerms<T> = {
      crossEntropy,
      ...(filterWeight !== 0 && { filter: filterLoss(backend, filters, filterOptions, parent?.filters) }),
      ...(lambda !== 0 && { compactness: compactness() }),
    }
    const weights = { crossEntropy: crossEntropyWeight, filter: filterWeight, compactness: lambda }
    const weighted = (['crossEntropy', 'filter', 'compactness'] as const).flatMap(name => {
      const term = terms[name]
      return term === undefined || weights[name] === 0 ? [] : [backend.mul(term, weights[name])]
    })
    const value = weighted.length === 0 ? backend.full(0) : weighted.reduce((a, b) => backend.add(a, b))
    return { value, aux: { terms, centers: updated } }
  })
