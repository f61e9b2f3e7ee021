/** One class that is taken for another. */
export interface Confusion {
  readonly of: string
  readonly takenFor: string
  /** Test images. */
  readonly count: number
  /** Test images of the class. */
  readonly images: number
}

/** The result of a creation: of the packed file, which computes what the model computes. */
export interface CreationResult {
  /** Top-1 on the test images, 0..1, and its standard error sqrt(p * (1 - p) / images). */
  readonly accuracy: number
  readonly error: number
  readonly images: number
  readonly classes: readonly string[]
  /** Height and width. */
  readonly size: number
  /** Of the packed file. */
  readonly bytes: number
  /** An image on one thread here, the median. */
  readonly milliseconds: number
  /** The commonest, at most two. */
  readonly confusions: readonly Confusion[]
}
