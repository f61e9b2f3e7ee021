import type { Backend } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { allIndices, batches, type Dataset } from '@cpnas/data'
import { evaluateModel, type Metrics } from '@cpnas/model'
import type { Model } from '@cpnas/training'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

export interface TestOptions {
  /** Images a step. */
  readonly batchSize: number
  readonly onStep: (done: number) => void
  readonly signal: AbortSignal
}

/** Metrics of a network on all images of a data set; undefined if the signal came first. */
export const testModel = (
  backend: Backend<unknown>,
  model: Model,
  data: Dataset,
  { batchSize, onStep, signal }: TestOptions,
): TE.TaskEither<CpnasError, Metrics | undefined> => {
  const images = batches(data, allIndices(data), { batchSize, normalization: model.normalization })
  return pipe(
    evaluateModel(backend, model, images, { onStep, signal }),
    TE.map(evaluation => (evaluation.status === 'finished' ? evaluation.metrics : undefined)),
  )
}
