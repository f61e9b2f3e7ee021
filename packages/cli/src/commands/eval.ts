import { type CpnasError, cpnasError } from '@cpnas/core'
import { allIndices, type Batch, type Batches, batchCount, batches, detectDataset } from '@cpnas/data'
import {
  type ClassMapping,
  checkImages,
  type DataChoice,
  dataOfRun,
  embeddedName,
  identify,
  mapClasses,
  type OpenData,
  withData,
} from '@cpnas/experiments'
import { evaluateScores } from '@cpnas/model'
import { readRunBase } from '@cpnas/runs'
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, type Values } from '../command.js'
import { corruptLines, dataOptions, foundLines, sourceText } from '../data-source.js'
import type { Evaluator, Measured } from '../evaluation/measured.js'
import { measuredOf } from '../evaluation/measured-of.js'
import type { Io, Outcome } from '../io.js'
import { type EvaluationEvent, evaluationEvent, evaluationWords } from '../report/evaluation-words.js'
import { layOut } from '../report/layout.js'
import { printMetrics } from '../report/metrics.js'
import type { Reporter } from '../report/reporter.js'
import { withReporter } from '../runs/run-command.js'
import { engineOptions, reportOptions } from '../runs/run-options.js'
import { countOption, wordOption } from '../values.js'
import { whichOptions } from '../which.js'
import { summaries } from './summaries.js'

const defaultBatch = 100

const options = {
  ...dataOptions,
  data: { ...dataOptions.data, default: 'those of the training' },
  classesByOrder: {
    kind: 'flag',
    description: 'match classes by order instead of by name',
    default: 'classes go by name',
  },
  imageSize: { ...dataOptions.imageSize, default: 'that of the model' },
  split: wordOption(['test', 'train'], {
    placeholder: 'test|train',
    description: 'which split to evaluate',
    default: 'test',
  }),
  ...whichOptions,
  batchSize: countOption({ description: 'images per step', default: String(defaultBatch) }),
  backend: { ...engineOptions.backend, default: 'auto: the fastest' },
  threads: engineOptions.threads,
  ...reportOptions,
  json: { kind: 'flag', description: 'print the metrics as a JSON record, and no progress' },
} as const satisfies CommandOptions

type Given = Values<typeof options>

/** The images to use: those that were named, else those of the training that left the network in its directory. */
const dataOf = (given: Given, { path, image, trainedOn }: Measured): TE.TaskEither<CpnasError, DataChoice> =>
  pipe(
    dataOfRun(path, given),
    TE.filterOrElse(
      ({ data, dataset }) =>
        data !== undefined || dataset !== undefined || trainedOn === undefined || trainedOn.dataset === embeddedName,
      () =>
        cpnasError(
          'InvalidOption',
          'data',
          `is missing: the network was trained on other images (${trainedOn?.dataset}) than the embedded ones`,
          'Name the directory of the images with `data` DIR',
        ),
    ),
    TE.flatMap(named =>
      pipe(
        named.dataset === undefined && named.data !== undefined ? detectDataset(named.data) : TE.right(named.dataset),
        TE.map(dataset => {
          const { data, origin } = named
          const imageSize = given.imageSize ?? (dataset === 'image-folder' ? image.height : undefined)
          return { ...given, data, dataset, imageSize, ...(origin === undefined ? {} : { origin }) }
        }),
      ),
    ),
  )

/** Images that were not named explicitly must be those of the training. */
const checkOrigin = (origin: string | undefined, data: OpenData): TE.TaskEither<CpnasError, unknown> =>
  origin === undefined
    ? TE.right(undefined)
    : pipe(
        readRunBase(origin),
        TE.flatMap(run =>
          run?.images === undefined
            ? TE.right(undefined)
            : pipe(
                identify(data),
                TE.flatMap(identified => checkImages(run, origin, identified)),
                TE.mapLeft(error =>
                  error.where === 'data'
                    ? { ...error, remedy: 'Restore them, or name the images to evaluate on with `data`' }
                    : error,
                ),
              ),
        ),
      )

/** How the classes of the data are those of the network. */
const checkData = (given: Given, network: Measured, { source, test }: OpenData): E.Either<CpnasError, ClassMapping> =>
  mapClasses(network, test, source.directory ?? 'the embedded data set', given.classesByOrder)

/** The batches, labelled with the classes of the network. */
const relabelled = async function* (batches: Batches, classes: readonly number[]): AsyncIterable<Batch> {
  for await (const batch of batches) yield { ...batch, labels: batch.labels.map(label => classes[label]!) }
}

const introduce = (
  given: Given,
  { path, title }: Measured,
  { source, ...pair }: OpenData,
  { byPosition }: ClassMapping,
  engine: string,
): readonly string[] => {
  const split = given.split ?? 'test'
  const { count, height, width, channels } = pair[split]
  return [
    `Model:  ${path}, ${title}`,
    `Data:   ${sourceText(source)}; ${count} ${split === 'test' ? 'test' : 'training'} images of ${height}x${width}x${channels}`,
    ...foundLines({ source, ...pair }).map(line => `        ${line}`),
    ...(byPosition ? ['Classes: have other names than those of the model; they are taken in their order'] : []),
    `Engine: ${engine}`,
  ]
}

const evaluate = (
  given: Given,
  network: Measured,
  data: OpenData,
  { classes }: ClassMapping,
  { scores }: Evaluator,
  reporter: Reporter<EvaluationEvent>,
  io: Io,
): TE.TaskEither<CpnasError, Outcome> => {
  const { batchSize = defaultBatch } = given
  const set = data[given.split ?? 'test']
  const images = batches(set, allIndices(set), { batchSize, normalization: network.normalization })
  const steps = batchCount(set.count, batchSize)
  return pipe(
    evaluateScores(network, scores, classes.every((k, i) => k === i) ? images : relabelled(images, classes), {
      onStep: step => reporter.event(evaluationEvent(step, steps)),
      signal: io.signal,
    }),
    TE.map((evaluation): Outcome => {
      reporter.close()
      for (const line of corruptLines([data.train, data.test])) io.err(`${line}\n`)
      if (evaluation.status === 'stopped') {
        io.err('Stopped before the last image; nothing is known.\n')
        return { status: 'stopped' }
      }
      io.out(given.json ? `${JSON.stringify(evaluation.metrics)}\n` : layOut(printMetrics(evaluation.metrics), io))
      return { status: 'done' }
    }),
  )
}

const run = (given: Given, network: Measured, io: Io): TE.TaskEither<CpnasError, Outcome> =>
  pipe(
    dataOf(given, network),
    TE.flatMap(values =>
      withData(values)(data =>
        pipe(
          checkOrigin(values.origin, data),
          TE.flatMapEither(() => checkData(given, network, data)),
          TE.flatMap(mapping =>
            network.withEvaluator(evaluator =>
              withReporter(
                { ...given, quiet: given.quiet || given.json || false, json: false },
                evaluationWords,
                io,
              )(reporter => {
                for (const line of introduce(given, network, data, mapping, evaluator.engine)) reporter.note(line)
                return evaluate(given, network, data, mapping, evaluator, reporter, io)
              }),
            ),
          ),
        ),
      ),
    ),
  )

/** `cpnas eval`: how well a trained network does. */
export const evalCommand = command({
  name: 'eval',
  summary: summaries.eval,
  details: `The argument is a model file, a packed file (.cpnas), or the directory of a finished training. --data
evaluates on other images of the same size; their classes are matched by name and may be a subset of the model's.`,
  argument: { name: 'file|run', description: 'a model file, a packed file, or the directory of a training' },
  options,
  run: (given, io, path) =>
    pipe(
      measuredOf(path, given),
      TE.flatMap(network => run(given, network, io)),
    ),
})
