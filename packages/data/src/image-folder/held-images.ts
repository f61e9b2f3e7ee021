import type { Augmentation } from '../augmentation.js'
import type { FileState } from './cache-record.js'
import type { Extent } from './view.js'

/** The part of an image that is the same in every epoch, bytes [height, width, 3] in memory that all threads share; and of which state of its file. */
export interface HeldImage extends Extent, FileState {
  readonly buffer: SharedArrayBuffer
  readonly offset: number
}

/**
 * What is the same in every epoch: all that the evaluation sees, the same as reduced for training, or, where crops are resized, the decoded
 * image.
 */
const stageOf = (augmentation: Augmentation | undefined): string => {
  if (augmentation === undefined) return 'seen'
  return augmentation.cropScale === undefined ? 'square' : 'decoded'
}

/** The images of one set that are in memory. */
export interface HeldImages {
  readonly get: (augmentation: Augmentation | undefined, index: number) => HeldImage | undefined
  /** Keeps one; the first that does not fit ends the room. */
  readonly add: (augmentation: Augmentation | undefined, index: number, image: HeldImage) => void
  readonly hasRoom: () => boolean
}

/** As many images of several sets as fit so many bytes. */
export const heldImages = (bytes: number): (() => HeldImages) => {
  let left = bytes
  return () => {
    const stages = new Map<string, Map<number, HeldImage>>()
    return {
      get: (augmentation, index) => stages.get(stageOf(augmentation))?.get(index),
      add: (augmentation, index, image) => {
        const size = 3 * image.width * image.height
        if (size > left) {
          left = 0
          return
        }
        left -= size
        const stage = stageOf(augmentation)
        const images = stages.get(stage) ?? new Map<number, HeldImage>()
        images.set(index, image)
        stages.set(stage, images)
      },
      hasRoom: () => left > 0,
    }
  }
}
