import { basename, join } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { allIndices, batches, type Dataset } from '@cpnas/data'
import { pack, renderPage, toOnnx } from '@cpnas/export'
import { confusions, evaluateScores, type Metrics, readModel, standardError } from '@cpnas/model'
import { encode, type PackedModel } from '@cpnas/packed'
import { pathsOf, readRuns, trainingFiles } from '@cpnas/runs'
import type { Model } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { millisecondsOf, openRunner } from '../packed-speed.js'
import { version } from '../version.js'
import { modelCard } from './card.js'
import { creationFiles } from './kind.js'
import type { Confusion, CreationResult } from './result.js'

const batchSize = 100

const confusionsOf = (metrics: Metrics): readonly Confusion[] =>
  confusions(metrics)
    .slice(0, 2)
    .map(({ truth, guess, count }) => ({ of: truth.name, takenFor: guess.name, count, images: truth.count }))

/** Undefined if the signal came before the last test image. */
const resultOf = (
  model: Model,
  packed: PackedModel,
  bytes: number,
  test: Dataset,
  signal: AbortSignal,
): TE.TaskEither<CpnasError, CreationResult | undefined> =>
  pipe(
    openRunner(packed),
    TE.bindTo('runner'),
    TE.bind('evaluation', ({ runner }) =>
      evaluateScores(
        model,
        async (values, [count]) => runner.scores(Float32Array.from(values), count),
        batches(test, allIndices(test), { batchSize, normalization: model.normalization }),
        { signal },
      ),
    ),
    TE.map(({ runner, evaluation }) => {
      if (evaluation.status === 'stopped') return undefined
      const { metrics } = evaluation
      const { top1, images } = metrics
      return {
        accuracy: top1,
        error: standardError(metrics),
        images,
        classes: model.classNames,
        size: model.image.height,
        bytes,
        milliseconds: millisecondsOf(runner, packed),
        confusions: confusionsOf(metrics),
      }
    }),
  )

const packedOf = (path: string, model: Model): E.Either<CpnasError, PackedModel> =>
  pipe(
    pack(model, { source: 'cpnas create' }),
    E.mapLeft(problem => cpnasError('InvalidModel', path, problem, 'Create it anew in another directory')),
  )

/** A creation whose runs are finished. */
interface Creation {
  readonly directory: string
  /** Directories of its runs; the training is the last one. */
  readonly runs: readonly string[]
  readonly title: string
  /** The trained network that it began with, if any. */
  readonly initFrom: string | null
}

/**
 * Writes what a creation ships, from its finished runs: the packed file, ONNX, page, report, card, and at last the result. Undefined if the
 * signal stopped it.
 */
export const writeProduct = (
  { directory, runs, title, initFrom }: Creation,
  test: Dataset,
  signal: AbortSignal,
): TE.TaskEither<CpnasError, CreationResult | undefined> => {
  const training = runs.at(-1)!
  const paths = pathsOf(creationFiles, directory)
  const modelPath = join(training, trainingFiles.best)
  return pipe(
    readModel(modelPath),
    TE.bindTo('model'),
    TE.bind('packed', ({ model }) => TE.fromEither(packedOf(modelPath, model))),
    TE.let('file', ({ packed }) => encode(packed)),
    TE.bind('result', ({ model, packed, file }) => resultOf(model, packed, file.length, test, signal)),
    TE.flatMap(({ model, packed, file, result }) =>
      result === undefined
        ? TE.right(undefined)
        : pipe(
            writeFileAtomic(paths.packed, file),
            TE.flatMap(() => writeFileAtomic(paths.onnx, toOnnx(model))),
            TE.flatMap(() => writeFileAtomic(paths.page, renderPage(packed, { title }))),
            TE.flatMap(() => readRuns(runs)),
            TE.flatMap(runs =>
              TE.fromTask(async () => {
                const { environmentNow, renderReport } = await import('@cpnas/report')
                const { milliseconds } = result
                return renderReport(runs, {
                  environment: environmentNow(version),
                  milliseconds: { [basename(training)]: milliseconds },
                })
              }),
            ),
            TE.flatMap(report => writeFileAtomic(paths.report, report)),
            TE.flatMap(() => writeFileAtomic(paths.card, modelCard({ title, initFrom }, model, result, version))),
            TE.flatMap(() => writeFileAtomic(paths.result, `${JSON.stringify(result, undefined, 2)}\n`)),
            TE.map(() => result),
          ),
    ),
  )
}
