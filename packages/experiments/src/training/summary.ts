import { stat } from 'node:fs/promises'
import type { CpnasError } from '@cpnas/core'
import { storageFailed } from '@cpnas/core/files'
import type { Metrics } from '@cpnas/model'
import { count, type NetworkKind } from '@cpnas/supernet'
import { bestEntry, type EpochEntry, type Model, type TrainingState } from '@cpnas/training'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Size } from '../search/summary.js'

/** A network on the test set. */
export interface Tested {
  /** Of its stage, from 1. */
  readonly epoch: number
  readonly accuracy: number
  readonly loss: number
}

/** The result of a finished training. */
export interface TrainingSummary {
  readonly kind: NetworkKind
  readonly best: Tested
  readonly last: Tested
  /** Accuracy of guessing, 1 / classes. */
  readonly chance: number
  readonly size: Size
  /** Of the model file. */
  readonly bytes: number
  readonly epochs: number
  /** Of this run; a resumed one counts from the resumption. */
  readonly seconds: number
}

interface Trained {
  readonly last: Model
  readonly state: TrainingState
}

/** The result of a training whose networks were tested. `paths.last` is the model file. Error StorageFailed. */
export const summarizeTraining = (
  { last: { spec, genotype }, state: { history } }: Trained,
  kind: NetworkKind,
  { best, last }: Readonly<Record<'best' | 'last', Metrics>>,
  paths: { readonly last: string },
  seconds: number,
): TE.TaskEither<CpnasError, TrainingSummary> =>
  TE.tryCatch(
    async () => {
      const { binary, float } = count(spec, genotype, kind)
      const tested = (entry: EpochEntry, { top1, loss }: Metrics): Tested => ({
        epoch: entry.epoch,
        accuracy: top1,
        loss,
      })
      const final = history.at(-1)!
      return {
        kind,
        best: tested(bestEntry(history)!, best),
        last: tested(final, last),
        chance: 1 / spec.classes,
        size: { binary: binary.parameters, float: float.parameters },
        bytes: (await stat(paths.last)).size,
        epochs: history.length,
        seconds,
      }
    },
    error => storageFailed(paths.last, error),
  )
