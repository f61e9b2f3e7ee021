import { normalize } from './normalize.js'
import type { PackedMetadata } from './program.js'
import type { Runner } from './runtime/runner.js'
import { softmax } from './softmax.js'

/** A class and its probability. */
export interface Classification {
  readonly label: string
  /** Of the class. */
  readonly index: number
  /** 0 to 1 */
  readonly confidence: number
}

/** All classes for the bytes [height, width, channels] of one image, the likeliest first; of equally likely ones the first. */
export const classify = (
  runner: Pick<Runner, 'scores'>,
  metadata: PackedMetadata,
  bytes: Uint8Array | Uint8ClampedArray,
): readonly Classification[] =>
  softmax(runner.scores(normalize(metadata, bytes)))
    .map((confidence, index) => ({ label: metadata.classes[index]!, index, confidence }))
    .toSorted((a, b) => b.confidence - a.confidence)
