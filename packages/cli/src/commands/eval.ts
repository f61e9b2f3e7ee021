import { type Backend, type CpnasError, cpnasError, defaultThreads } from '@cpnas/backends'
import { allIndices, type Batch, type Batches, batchCount, batches, detectDataset } from '@cpnas/data'
import { evaluateModel } from '@cpnas/model'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type ClassMapping, mapClasses } from '../class-mapping.js'
import { type CommandOptions, command, type Values } from '../command.js'
import { corruptLines, type DataValues, dataOptions, type OpenData, withData } from '../data-source.js'
import type { Io, Outcome } from '../io.js'
import { type FoundModel, readModelOf } from '../model-source.js'
import { type EvaluationEvent, evaluationEvent, evaluationWords } from '../report/evaluation-words.js'
import { printMetrics } from '../report/metrics.js'
import type { Reporter } from '../report/reporter.js'
import { engineOptions, reportOptions, withBackend, withReporter } from '../runs/run-command.js'
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
  best: { kind: 'flag', description: 'of a training: the network of its best epoch', default: 'yes' },
  last: { kind: 'flag', description: 'of a training: the network of its last epoch' },
  batchSize: countOption({ description: 'images a step', default: String(defaultBatch) }),
  backend: { ...engineOptions.backend, default: 'auto: the fastest' },
  threads: engineOptions.threads,
  ...reportOptions,
  json: { kind: 'flag', description: 'print the metrics as a JSON record, and no progress' },
} as const satisfies CommandOptions

type Given = Values<typeof options>

const whichOf = ({ best, last }: Given): E.Either<CpnasError, 'best' | 'last' | undefined> =>
  best && last
    ? E.left(cpnasError('InvalidOption', '--last', 'does not go with --best', 'Name one of them'))
    : E.right(last ? 'last' : best ? 'best' : undefined)

/** Which images are meant: those that the training had if no others are named. */
const dataOf = (given: Given, { model, run }: FoundModel): TE.TaskEither<CpnasError, DataValues> => {
  const data = given.data ?? run?.data ?? undefined
  const dataset = given.dataset ?? (given.data === undefined ? run?.dataset : undefined)
  return pipe(
    dataset === undefined && data !== undefined ? detectDataset(data) : TE.right(dataset),
    TE.map(dataset => ({
      ...given,
      data,
      dataset,
      imageSize: given.imageSize ?? (dataset === 'image-folder' ? model.image.height : undefined),
    })),
  )
}

/** How the classes of the data are those of the model. Images that nobody named have to be those of the model. */
const checkData = (
  given: Given,
  { model, run }: FoundModel,
  { source, test }: OpenData,
): E.Either<CpnasError, ClassMapping> =>
  pipe(
    mapClasses(model, test, source.directory ?? 'the embedded images'),
    E.filterOrElse(
      ({ byPosition }) => !byPosition || given.data !== undefined || run !== undefined,
      () =>
        cpnasError(
          'InvalidOption',
          '--data',
          'is missing: the embedded images are of other classes than the model',
          'Name the directory of the images with --data DIR',
        ),
    ),
  )

/** The batches, labelled with the classes of the model. */
const relabelled = async function* (batches: Batches, classes: readonly number[]): AsyncIterable<Batch> {
  for await (const batch of batches) yield { ...batch, labels: batch.labels.map(label => classes[label]!) }
}

const introduce = (
  given: Given,
  { path, model }: FoundModel,
  { source, ...pair }: OpenData,
  { byPosition }: ClassMapping,
  engine: string,
): readonly string[] => {
  const split = given.split ?? 'test'
  const { count, height, width, channels } = pair[split]
  return [
    `Model:  ${path}, ${model.kind === 'child' ? 'Child' : 'Parent'} of ${model.spec.cells} cells and ${model.spec.channels} channels`,
    `Data:   ${source.title}, ${source.directory ?? 'embedded'}; ${count} ${split === 'test' ? 'test' : 'training'} images of ${height}x${width}x${channels}`,
    ...(byPosition ? ['Classes: have other names than those of the model; they are taken in their order'] : []),
    `Engine: ${engine}`,
  ]
}

const evaluate = (
  given: Given,
  found: FoundModel,
  data: OpenData,
  { classes }: ClassMapping,
  backend: Backend<unknown>,
  reporter: Reporter<EvaluationEvent>,
  io: Io,
): TE.TaskEither<CpnasError, Outcome> => {
  const { model } = found
  const { batchSize = defaultBatch } = given
  const set = data[given.split ?? 'test']
  const images = batches(set, allIndices(set), { batchSize, normalization: model.normalization })
  const steps = batchCount(set.count, batchSize)
  return pipe(
    evaluateModel(backend, model, classes.every((k, i) => k === i) ? images : relabelled(images, classes), {
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

const run = (given: Given, found: FoundModel, io: Io): TE.TaskEither<CpnasError, Outcome> =>
  pipe(
    dataOf(given, found),
    TE.flatMap(values =>
      withData(values)(data =>
        pipe(
          TE.fromEither(checkData(given, found, data)),
          TE.flatMap(mapping =>
            withBackend({ backend: given.backend ?? 'auto', threads: given.threads ?? defaultThreads() })(
              ({ backend, name, reason }) =>
                withReporter(
                  { ...given, quiet: given.quiet || given.json || false, json: false },
                  evaluationWords,
                  io,
                )(reporter => {
                  for (const line of introduce(given, found, data, mapping, `${name}, ${reason}`)) reporter.note(line)
                  // An engine's tensors are its own: the evaluation is generic in them.
                  return evaluate(given, found, data, mapping, backend as Backend<unknown>, reporter, io)
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
  summary: 'Say how well a trained network does on images: accuracy, classes, confusions, calibration',
  details: `The argument is a model file or the directory of a finished training. Other data than those of the training can be given
with --data: images of the same size and classes, by name or, if they are as many of other names, in their order.`,
  argument: { name: 'file|run', description: 'a model file, or the directory of a training' },
  options,
  run: (given, io, path) =>
    pipe(
      TE.fromEither(whichOf(given)),
      TE.flatMap(which => readModelOf(path, which)),
      TE.flatMap(found => run(given, found, io)),
    ),
})
