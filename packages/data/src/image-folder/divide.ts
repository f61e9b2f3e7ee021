import { split } from '../split.js'
import { BadFolder, type ScannedFolder, type ScannedImages } from './scanned.js'

/** Share and seed of the test images where the folder does not define them: one in five of every class. */
const testShare = 0.2
const splitSeed = 0

/** Splits off a part of the images as the test set. */
const divided = (images: ScannedImages, classNames: readonly string[]): Pick<ScannedFolder, 'train' | 'test'> => {
  const { directory, paths, labels, contents } = images
  const { selected, rest } = split({ labels, classNames, count: paths.length }, testShare, splitSeed)
  const chosen = (indices: Uint32Array): ScannedImages => ({
    directory,
    paths: [...indices].map(i => paths[i]!),
    labels: Uint16Array.from(indices, i => labels[i]!),
    ...(contents === undefined ? {} : { contents: [...indices].map(i => contents[i]!) }),
  })
  if (selected.length === 0)
    throw new BadFolder(
      directory,
      `has ${paths.length} images, too few to hold one in five back for testing`,
      'Give more images, or folders train and val of your own',
    )
  return { train: chosen(rest), test: chosen(selected) }
}

const dividedLayout = (what: string): string =>
  `${what}: one image in five of every class is held back for testing (seed ${splitSeed})`

/** Also for images from elsewhere that come without a test set. */
export const divide = (
  images: ScannedImages,
  classNames: readonly string[],
  what: string,
): Pick<ScannedFolder, 'train' | 'test' | 'layout'> => ({
  ...divided(images, classNames),
  layout: dividedLayout(what),
})
