import { presets, type SearchConfig } from '@cpnas/search'
import { type TrainingConfig, trainingPresets, trainingStepWork } from '@cpnas/training'

/** What a creation is asked for. */
export interface CreationConfig {
  readonly seed: number
  /** Minutes that all of it may take. */
  readonly minutes: number
  /** Whether pictures may be mirrored while training: not where left and right matter, as in letters. */
  readonly flip: boolean
}

/** What is known of the images before any work. */
export interface ImageFacts {
  /** Training images. */
  readonly images: number
  readonly testImages: number
  /** Height and width; of pictures of any size the usual short side. */
  readonly size: number
  /** Whether they can be brought to another size. */
  readonly resizable: boolean
}

/** The plan of a creation, before its search. */
export interface CreationPlan {
  /** Height and width that pictures are brought to; undefined for images of one size. */
  readonly imageSize: number | undefined
  /** Undefined: it begins with a trained network. */
  readonly search: SearchConfig | undefined
  /** Of the network to be trained: channels of its first cell. */
  readonly channels: number
}

/** First channels of the networks that may be trained, from narrow to wide. */
export const widths = [8, 16, 24, 32] as const
/** First channels of a network. */
export type Width = (typeof widths)[number]
/** Sizes that pictures may be brought to. */
const sizes = [32, 48, 64, 96, 128] as const
/** Height and width of the images that speed is measured with. */
export const probeSize = 32

/** How fast networks are trained. */
export interface Speeds {
  /** Seconds that an image of `probeSize` takes, by first channels. */
  readonly image: Readonly<Record<Width, number>>
  /** Seconds that a step takes besides its images. */
  readonly step: number
}

/** Of the time. */
const searchShare = 0.3
/** Opening, exporting, writing. */
const overheadSeconds = 4
/** With fewer, all of them train, and the last epoch's network is taken: a tenth would not tell the best one. */
const fewImages = 2000
/** Of the epochs of a training. */
const warmupShare = 0.05
/**
 * A network that is trained already needs fewer epochs, in smaller steps: chosen on validation images of four classes of CIFAR-10, 200 of each,
 * of which the network had seen none.
 */
const fineTuning = {
  epochs: 30,
  learningRate: 0.003,
  /** How much larger pictures may be than those that it learned from. Factors above 2 were not tried. */
  enlargement: 2,
} as const
/** Few pictures are known by heart long before. */
const mostEpochs = 300
/** With fewer, half of the usual crop: better on CIFAR-10 with 7; with 25 it was not tried. */
const fewEpochs = 15

/**
 * Training images, repetitions included, from which a width is taken rather than the next narrower one, which sees more of them in the same time.
 * On CIFAR-10, 16 channels reach 67 % after 100,000 images and 8 channels 66 % after 350,000; wider networks were not compared.
 */
const wantedImages: Readonly<Record<Width, number>> = { 8: 0, 16: 80_000, 24: 300_000, 32: 400_000 }
/** Training images, repetitions included, that 16 channels must see for pictures to be this large. Sizes were not compared. */
const wantedOfSize = 200_000
/** Epochs that are enough for a small set, however few images that is. */
const oftenEnough = 100

/** The largest batch of a power of two that leaves eight steps an epoch. */
const batchFor = (images: number, largest: number): number => {
  let batch = 1
  while (2 * batch <= largest && 16 * batch <= images) batch *= 2
  return batch
}

/** An eighth of the image, as is usual. */
const cropFor = (size: number): number => (size > 64 ? 0 : Math.round(size / 8))

/** Both the best and the last network are tested, a forward pass for each image. */
const testSeconds = ({ testImages }: Pick<ImageFacts, 'testImages'>, secondsPerImage: number): number =>
  (2 * testImages * secondsPerImage) / trainingStepWork

/** Of a search: small, so that there are enough steps for the Child to learn. */
const largestBatch = 32

const searchFor = (
  { seed, minutes, flip }: CreationConfig,
  { images }: ImageFacts,
  size: number,
  imageSeconds: number,
  stepSeconds: number,
): SearchConfig => {
  const validationShare = 0.3
  const training = images * (1 - validationShare)
  // The Child is trained, then evaluated on the validation split.
  const perImage =
    (imageSeconds + stepSeconds / batchFor(training, largestBatch)) *
    (1 + validationShare / (1 - validationShare) / trainingStepWork)
  const seen = (searchShare * 60 * minutes) / perImage
  const samples = Math.max(8, Math.min(60, Math.round(seen / 4000)))
  const each = Math.max(seen / samples, Math.min(training, 100))
  return {
    ...presets.quick,
    seed,
    strategy: 'bayesian',
    evaluator: 'scratch',
    samples,
    epochsPerSample: Math.max(1, Math.min(20, Math.floor(each / training))),
    share: Math.min(1, each / training),
    validationShare,
    batchSize: batchFor(Math.min(each, training), largestBatch),
    crop: cropFor(size),
    flip,
  }
}

/** A trained network to begin with. */
export interface TrainedNetwork {
  readonly channels: number
  /** Height and width of the images that it learned from. */
  readonly imageSize: number
}

/** The share of the time, and of the progress, that is the search; the rest trains, tests and writes. */
export const shareOfSearch = ({ search }: Pick<CreationPlan, 'search'>): number =>
  search === undefined ? 0 : searchShare

/**
 * The size of pictures, the search, and the width of the network to train. About a third of the time searches: `bayesian` over Children that
 * are trained from scratch, and no Parents. The pictures are as large, and then the network as wide, as leaves enough time to train. Ours.
 *
 * @param begun The trained network that it begins with, instead of a search.
 */
export const planBudget = (
  config: CreationConfig,
  facts: ImageFacts,
  speeds: Speeds,
  begun?: TrainedNetwork | undefined,
): CreationPlan => {
  const { images, resizable } = facts
  const timeOf = (channels: Width, size: number): number => speeds.image[channels] * (size / probeSize) ** 2
  const fits = (channels: Width, size: number, wanted: number, share: number): boolean => {
    const time = timeOf(channels, size)
    return wanted * time <= share * 60 * config.minutes - overheadSeconds - testSeconds(facts, time)
  }
  const smaller = sizes.filter(size => size <= facts.size)
  const largest = (isFit: (size: number) => boolean): number =>
    !resizable || smaller.length === 0 ? facts.size : (smaller.findLast(isFit) ?? smaller[0]!)
  if (begun !== undefined) {
    const { channels, imageSize } = begun
    const width = widths.find(width => width >= channels) ?? widths.at(-1)!
    const size = largest(
      one => one <= fineTuning.enlargement * imageSize && fits(width, one, fineTuning.epochs * images, 1),
    )
    return { imageSize: resizable ? size : undefined, channels, search: undefined }
  }
  const fitsAfterSearch = (channels: Width, size: number, wanted: number): boolean =>
    fits(channels, size, Math.min(wanted, oftenEnough * images), 1 - searchShare)
  const size = largest(one => fitsAfterSearch(16, one, wantedOfSize))
  return {
    imageSize: resizable ? size : undefined,
    channels: widths.findLast(width => fitsAfterSearch(width, size, wantedImages[width])) ?? widths[0],
    search: searchFor(config, facts, size, timeOf(8, size), speeds.step),
  }
}

/** The network to be trained: its options, of which the channels of its first cell must be known, and whether it is trained already. */
export interface NetworkToTrain {
  readonly options: Partial<TrainingConfig> & { readonly channels: number }
  readonly begun: boolean
}

/**
 * The training of the cells that were found, as many epochs as the seconds left allow: the recipe of the preset `cpu-10min`. Where not even
 * one fits, a share of the images. A network that is trained already gets at most 30 epochs, in smaller steps.
 *
 * @param secondsPerImage Of a step of the network to be trained.
 */
export const planTraining = (
  { seed, flip }: CreationConfig,
  facts: Omit<ImageFacts, 'resizable'>,
  { options, begun }: NetworkToTrain,
  secondsPerImage: number,
  secondsLeft: number,
): TrainingConfig => {
  const { images, size } = facts
  const validationShare = images < fewImages ? 0 : 0.1
  const training = images * (1 - validationShare)
  const epochSeconds = (training + (images * validationShare) / trainingStepWork) * secondsPerImage
  const epochs = (secondsLeft - overheadSeconds - testSeconds(facts, secondsPerImage)) / epochSeconds
  const whole = Math.max(1, Math.min(begun ? fineTuning.epochs : mostEpochs, Math.floor(epochs)))
  const share = Math.min(1, Math.max(epochs, 100 / images))
  return {
    ...trainingPresets['cpu-10min'],
    ...options,
    ...(begun ? { learningRate: fineTuning.learningRate } : {}),
    seed,
    share,
    validationShare,
    batchSize: batchFor(share * training, 128),
    crop: Math.round(cropFor(size) / (whole < fewEpochs ? 2 : 1)),
    flip,
    epochs: whole,
    warmupEpochs: warmupShare * whole,
  }
}

/** Seconds for the training of a creation that is resumed after its search. */
export const secondsForTraining = ({ minutes }: CreationConfig, plan: Pick<CreationPlan, 'search'>): number =>
  (1 - shareOfSearch(plan)) * 60 * minutes
