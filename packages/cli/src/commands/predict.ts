import { openPictures } from '@cpnas/data'
import { type Prediction, predictPictures } from '@cpnas/experiments'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { corruptLines, skippedLines } from '../data-source.js'
import { measuredOf } from '../evaluation/measured-of.js'
import type { Outcome } from '../io.js'
import { percent } from '../report/format.js'
import { engineOptions } from '../runs/run-options.js'
import { countOption } from '../values.js'
import { whichOptions } from '../which.js'
import { summaries } from './summaries.js'

const defaultTop = 3
const defaultBatch = 32

const options = {
  top: countOption({ description: 'classes to print per picture', default: String(defaultTop) }),
  ...whichOptions,
  batchSize: countOption({ description: 'pictures at a time', default: String(defaultBatch) }),
  backend: { ...engineOptions.backend, default: 'auto: the fastest' },
  threads: engineOptions.threads,
  json: { kind: 'flag', description: 'print a JSON record per picture, with all classes' },
} as const satisfies CommandOptions

const line = ({ picture, classes }: Prediction, top: number): string =>
  `${picture}: ${classes
    .slice(0, top)
    .map(one => `${one.class} ${percent(one.probability)}`)
    .join(', ')}`

/** `cpnas predict`: classifies pictures with a trained network. */
export const predictCommand = command({
  name: 'predict',
  summary: summaries.predict,
  details: `The first argument is a model file, a packed file (.cpnas), or the directory of a finished training. Pictures are
prepared as in \`cpnas eval\`: scaled down, then cropped to the square in the middle; converted to grey for a network of grey images.`,
  argument: { name: 'file|run', description: 'a model file, a packed file, or the directory of a training' },
  further: { name: 'picture', description: 'a picture, or a directory of pictures', variadic: true },
  options,
  run: ({ top = defaultTop, batchSize = defaultBatch, json = false, ...given }, io, path, [, ...paths]) =>
    pipe(
      measuredOf(path, given),
      TE.flatMap(network =>
        TE.bracket(
          openPictures(paths, { imageSize: network.image.height }),
          pictures =>
            network.withEvaluator(({ engine, scores }) => {
              if (!json)
                for (const text of [
                  `Model:  ${network.path}, ${network.title}`,
                  `Engine: ${engine}`,
                  ...skippedLines(pictures),
                ])
                  io.err(`${text}\n`)
              return predictPictures({ ...network, scores }, pictures, {
                batchSize,
                onPrediction: found => io.out(`${json ? JSON.stringify(found) : line(found, top)}\n`),
                signal: io.signal,
              })
            }),
          pictures =>
            TE.fromIO(() => {
              for (const text of corruptLines([pictures])) io.err(`${text}\n`)
              pictures.close()
            }),
        ),
      ),
      TE.map((finished): Outcome => ({ status: finished ? 'done' : 'stopped' })),
    ),
})
