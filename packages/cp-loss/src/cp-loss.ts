import type { Backend } from '@cpnas/backends'
import type { Centers } from './centers.js'
import { compactnessLoss } from './compactness-loss.js'
import { type FilterLossOptions, filterLoss } from './filter-loss.js'
import { updateCenters } from './update-centers.js'

/** What a batch came to. */
export interface CpLossInputs<T> {
  /** L_CE, shape []: `softmaxCrossEntropy` of the logits, or what a recipe has in its place. */
  readonly crossEntropy: T
  /** The last convolutional feature map, [n, h, w, c]. */
  readonly features: T
  /** Class indices, [n]. */
  readonly labels: T
  /** Latent filters of the 1-bit layers. */
  readonly filters: readonly T[]
}

/** The weights of the terms, and what is left open in the source. */
export interface CpLossOptions extends FilterLossOptions {
  /** Default 1, as in the source. */
  readonly crossEntropyWeight?: number
  /** Weight of the filters' MSE. Default 1, as in the source. */
  readonly filterWeight?: number
  /** Weight of the compactness. Default 5e-3, as in DCP-NAS. Not stated in the source. */
  readonly lambda?: number
  /**
   * Whether the class means that a batch is compared with include the batch. Default true: a class is then compared with
   * its own mean from its first batch on. Not stated in the source.
   */
  readonly batchInMeans?: boolean
}

/** As a function under `valueAndGrad` returns it. */
export interface CpLossResult<T> {
  readonly value: T
  readonly aux: {
    /** Each shape [] and without its weight: the compactness is that of lambda = 1. */
    readonly terms: { readonly crossEntropy: T; readonly filter: T; readonly compactness: T }
    /** Of the samples seen so far and of this batch, whatever the weights are; for the next batch. */
    readonly centers: Centers<T>
  }
}

/**
 * The kernel-level Child-Parent loss, L = L_CE + L_H, with a weight on each term:
 * crossEntropyWeight * L_CE + filterWeight * `filterLoss` + `compactnessLoss` of lambda. A term of weight 0 is measured but
 * not added: value and gradients are bit for bit those of the loss without it.
 *
 * L_CE is usually a mean over the batch and the compactness a sum, so their ratio depends on the batch's size; how L_CE is
 * reduced is not stated in the source. `centers` stay the caller's. ShapeError if the inputs do not fit.
 * Source: CP-NAS, the loss of the Child.
 */
export const cpLoss = <T>(
  backend: Backend<T>,
  { crossEntropy, features, labels, filters }: CpLossInputs<T>,
  centers: Centers<T>,
  {
    crossEntropyWeight = 1,
    filterWeight = 1,
    lambda = 5e-3,
    batchInMeans = true,
    ...filterOptions
  }: CpLossOptions = {},
): CpLossResult<T> =>
  backend.scope(() => {
    const updated = updateCenters(backend, centers, features, labels)
    const filter = filterLoss(backend, filters, filterOptions)
    const compactness = compactnessLoss(backend, features, labels, batchInMeans ? updated : centers, { lambda: 1 })
    const weighted = [
      { weight: crossEntropyWeight, term: crossEntropy },
      { weight: filterWeight, term: filter },
      { weight: lambda, term: compactness },
    ].flatMap(({ weight, term }) => (weight === 0 ? [] : [backend.mul(term, weight)]))
    const value = weighted.length === 0 ? backend.full(0) : weighted.reduce((a, b) => backend.add(a, b))
    return { value, aux: { terms: { crossEntropy, filter, compactness }, centers: updated } }
  })
