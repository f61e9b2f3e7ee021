import { type Backend, defaultThreads } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import type { ChannelStatistics } from '@cpnas/data'
import { engineText, type FoundModel, withBackend } from '@cpnas/experiments'
import { type Classifies, type Scores, withScores } from '@cpnas/model'
import type { TrainedOn } from '@cpnas/training'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Runs a network on images; `engine` describes what it runs on. */
export interface Evaluator {
  readonly engine: string
  readonly scores: Scores
}

/** A network to measure, whatever file it is in. */
export interface Measured extends Classifies {
  readonly path: string
  /** What it is, in words. */
  readonly title: string
  readonly normalization: ChannelStatistics
  /** Undefined where the file does not say it. */
  readonly trainedOn: Pick<TrainedOn, 'dataset' | 'digest'> | undefined
  /** Provides an evaluator while `use` runs. */
  readonly withEvaluator: <A>(use: (evaluator: Evaluator) => TaskEither<CpnasError, A>) => TaskEither<CpnasError, A>
}

/** What runs the network. Defaults: the fastest engine, the machine's cores. */
export interface EngineChoice {
  readonly backend?: string
  readonly threads?: number
}

/** A model, run by a training engine. */
export const measuredModel = (
  { path, model }: FoundModel,
  { backend = 'auto', threads = defaultThreads() }: EngineChoice,
): Measured => ({
  ...model,
  path,
  title: `${model.kind === 'child' ? 'Child' : 'Parent'} of ${model.spec.cells} cells and ${model.spec.channels} channels`,
  trainedOn: model.trainedOn,
  withEvaluator: use =>
    withBackend({ backend, threads })(engine =>
      // An engine's tensors are its own: the scores are generic in them.
      withScores(engine.backend as Backend<unknown>, model)(scores => use({ engine: engineText(engine), scores })),
    ),
})
