import { type CpnasError, cpnasError } from '@cpnas/backends'
import { allIndices, type Batch, type Batches, batchCount, batches, detectDataset } from '@cpnas/data'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type ClassMapping, mapClasses } from '../class-mapping.js'
import { type CommandOptions, command, refuseOptions, type Values } from '../command.js'
import { corruptLines, type DataValues, dataOptions, type OpenData, withData } from '../data-source.js'
import { type Evaluator, type Measured, measuredModel } from '../evaluation/measured.js'
import { measuredPacked } from '../evaluation/measured-packed.js'
import type { Io, Outcome } from '../io.js'
import { readModelOf, whichOf, whichOptions } from '../model-source.js'
import { readPacked } from '../packed-source.js'
import { type EvaluationEvent, evaluationEvent, evaluationWords } from '../report/evaluation-words.js'
import { printMetrics } from '../report/metrics.js'
import type { Reporter } from '../report/reporter.js'
import { engineOptions, reportOptions, withReporter } from '../runs/run-command.js'
import { countOption, wordOption } from '../values.js'

const defaultBatch = 100

const options = {
  ...dataOptions,
  data: { ...dataOptions.data, default: 'those of the training; for a model file the embedded images' },
  imageSize: { ...dataOptions.imageSize, default: 'that of the model' },
  split: wordOption(['test', 'train'], {
    placeholder: 'test|train',
    description: 'which images of the data',
    default: 'test',
  }),
  ...whichOptions,
  batchSize: countOption({ description: 'images a step', default: String(defaultBatch) }),
  backend: { ...engineOptions.backend, default: 'auto: the fastest' },
  threads: engineOptions.threads,
  ...reportOptions,
  json: { kind: 'flag', description: 'print the metrics as a JSON record, and no progress' },
} as const satisfies CommandOptions

type Given = Values<typeof options>

/** Which images are meant: those that the training had if no others are named. */
const dataOf = (given: Given, { image, run }: Measured): TE.TaskEither<CpnasError, DataValues> => {
  const data = given.data ?? run?.data ?? undefined
  const dataset = given.dataset ?? (given.data === undefined ? run?.dataset : undefined)
  return pipe(
    dataset === undefined && data !== undefined ? detectDataset(data) : TE.right(dataset),
    TE.map(dataset => ({
      ...given,
      data,
      dataset,
      imageSize: given.imageSize ?? (dataset === 'image-folder' ? image.height : undefined),
    })),
  )
}

/** How the classes of the data are those of the network. Images that nobody named have to be those of the network. */
const checkData = (given: Given, network: Measured, { source, test }: OpenData): E.Either<CpnasError, ClassMapping> =>
  pipe(
    mapClasses(network, test, source.directory ?? 'the embedded images'),
    E.filterOrElse(
      ({ byPosition }) => !byPosition || given.data !== undefined || network.run !== undefined,
      () =>
        cpnasError(
          'InvalidOption',
          '--data',
          'is missing: the embedded images are of other classes than the model',
          'Name the directory of the images with --data DIR',
        ),
    ),
  )

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
    `Data:   ${source.title}, ${source.directory ?? 'embedded'}; ${count} ${split === 'test' ? 'test' : 'training'} images of ${height}x${width}x${channels}`,
    ...(byPosition ? ['Classes: have other names than those of the model; they are taken in their order'] : []),
    `Engine: ${engine}`,
  ]
}

const evaluate = (
  given: Given,
  { normalization }: Measured,
  data: OpenData,
  { classes }: ClassMapping,
  { evaluate }: Evaluator,
  reporter: Reporter<EvaluationEvent>,
  io: Io,
): TE.TaskEither<CpnasError, Outcome> => {
  const { batchSize = defaultBatch } = given
  const set = data[given.split ?? 'test']
  const images = batches(set, allIndices(set), { batchSize, normalization })
  const steps = batchCount(set.count, batchSize)
  return pipe(
    evaluate(classes.every((k, i) => k === i) ? images : relabelled(images, classes), {
      onStep: step => reporter.event(evaluationEvent(step, steps)),
      signal: io.signal,
    }),
    TE.map((evaluation): Outcome => {
      reporter.close()
      for (const line of corruptLines(data)) io.err(`${line}\n`)
      if (evaluation.status === 'stopped') {
        io.err('Stopped before the last image; nothing is known.\n')
        return { status: 'stopped' }
      }
      io.out(given.json ? `${JSON.stringify(evaluation.metrics)}\n` : printMetrics(evaluation.metrics))
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
          TE.fromEither(checkData(given, network, data)),
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

const refusePacked = (given: Given, path: string): E.Either<CpnasError, void> =>
  refuseOptions(
    given,
    ['best', 'last', 'backend'],
    `${path} is one packed network, with an engine of its own`,
    'Leave it out, or name a model file or the directory of a training',
  )

const measured = (given: Given, path: string): TE.TaskEither<CpnasError, Measured> =>
  pipe(
    readPacked(path),
    TE.flatMap(packed =>
      packed
        ? pipe(
            TE.fromEither(refusePacked(given, path)),
            TE.map(() => measuredPacked(packed, given)),
          )
        : pipe(
            TE.fromEither(whichOf(given)),
            TE.flatMap(which => readModelOf(path, which)),
            TE.map(found => measuredModel(found, given)),
          ),
    ),
  )

/** `cpnas eval`: how well a trained network does. */
export const evalCommand = command({
  name: 'eval',
  summary: 'Say how well a trained network does on images: accuracy, classes, confusions, calibration',
  details: `The argument is a model file, a packed file (.cpnas), or the directory of a finished training. Other data than those of the training can be given
with --data: images of the same size and classes, by name or, if they are as many of other names, in their order.`,
  argument: { name: 'file|run', description: 'a model file, a packed file, or the directory of a training' },
  options,
  run: (given, io, path) =>
    pipe(
      measured(given, path),
      TE.flatMap(network => run(given, network, io)),
    ),
})
