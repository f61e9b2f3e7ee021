import { setImmediate } from 'node:timers/promises'
import type { CpnasError } from '@cpnas/core'
import { type ChannelStatistics, catchReadError, type ImageFolder } from '@cpnas/data'
import type { Classifies, Scores } from '@cpnas/model'
import { luma, softmax } from '@cpnas/packed'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** A class and its probability, 0..1. */
export interface Likelihood {
  readonly class: string
  readonly probability: number
}

/** What a network takes a picture for: all classes, the most probable first; of equally probable ones the first. */
export interface Prediction {
  readonly picture: string
  readonly classes: readonly Likelihood[]
}

/** A network that pictures can be shown to. */
export interface Predictor extends Classifies {
  /** By which images are normalized, of one channel or three. */
  readonly normalization: ChannelStatistics
  readonly scores: Scores
}

/** How pictures are predicted. */
export interface PredictOptions {
  /** Pictures at a time, at least 1. */
  readonly batchSize: number
  /** Called with every prediction, in the order of the pictures. */
  readonly onPrediction: (prediction: Prediction) => void
  /** Stops it after the current batch. */
  readonly signal: AbortSignal
}

/** Bytes over 255, not normalized. */
const raw: ChannelStatistics = { mean: [0, 0, 0], std: [1, 1, 1] }

/** One normalized grey channel of colours in 0..1; greys are bytes, as `imageOf` of @cpnas/packed has them. */
const greyOf = (colours: Float32Array, { mean, std }: ChannelStatistics): Float32Array =>
  Float32Array.from({ length: colours.length / 3 }, (_, i) => {
    const grey = luma.reduce((sum, share, c) => sum + share * Math.round(255 * colours[3 * i + c]!), 0)
    return (Math.round(grey) / 255 - mean[0]!) / (std[0]! || 1)
  })

const likelihoods = (scores: ArrayLike<number>, classNames: readonly string[]): readonly Likelihood[] =>
  softmax(Float32Array.from(scores))
    .map((probability, k): Likelihood => ({ class: classNames[k]!, probability }))
    .toSorted((a, b) => b.probability - a.probability)

/**
 * What a network takes pictures for. They are seen as the test images of a folder are; a network of one channel sees greys. Pictures that
 * cannot be decoded are left out: see `pictures.corrupt`. False if the signal stopped it. Errors of the scores; InvalidData.
 */
export const predictPictures =
  (
    { classNames, image: { channels }, normalization, scores }: Predictor,
    pictures: ImageFolder,
    { batchSize, onPrediction, signal }: PredictOptions,
  ): TaskEither<CpnasError, boolean> =>
  () =>
    catchReadError(async () => {
      const { count, height, width, paths } = pictures
      for (let position = 0; position < count; position += batchSize) {
        if (signal.aborted) return false
        const indices = Array.from({ length: Math.min(batchSize, count - position) }, (_, i) => position + i)
        const view = { augmentation: undefined, normalization: channels === 1 ? raw : normalization, seed: 0, epoch: 0 }
        const { images, places } = await pictures.load({ indices, position, ...view })
        if (places.length > 0) {
          const seen = channels === 1 ? greyOf(images, normalization) : images
          const values = Array.from(await scores(seen, [places.length, height, width, channels]))
          const classes = classNames.length
          for (const [i, place] of places.entries())
            onPrediction({
              picture: paths[indices[place]!]!,
              classes: likelihoods(values.slice(i * classes, (i + 1) * classes), classNames),
            })
        }
        await setImmediate()
      }
      return true
    })
