import type { TrainingConfig } from './config.js'
import type { TrainingPreset } from './presets.js'

/** Where each value of a preset comes from. */
export type PresetSources = Readonly<Record<keyof TrainingConfig, string>>

const ours = (why: string): string => `not stated in the source; ours: ${why}`
const cost = ours('training in minutes on two cores')

const cifar10: PresetSources = {
  seed: ours('any number'),
  precision: 'CP-NAS (arXiv 2005.00057): the 1-bit Child is what is trained',
  space: 'CP-NAS: its search space',
  cells: 'DARTS (arXiv 1806.09055), final training on CIFAR-10',
  channels: 'DARTS, final training on CIFAR-10',
  stem: 'DARTS, network for CIFAR-10',
  affine: 'DARTS: normalizations learn a scale and a shift in the final training',
  sepConvRepeat: ours('as drawn in the figure of CP-NAS, and as in the search, so that its weights fit; DARTS has 2'),
  prelu: ours('none in the figure of CP-NAS; DCP-NAS (arXiv 2306.15390) has it'),
  preprocessPrecision: ours('as in the search'),
  estimator: ours('that of BinaryNet (arXiv 1602.02830), the default of larq'),
  scale: 'XNOR-Net (arXiv 1603.05279), which CP-NAS follows: one alpha per output channel',
  share: ours('all images'),
  validationShare: ours('a curve to watch for one image in fifty; DARTS watches the test set'),
  batchSize: 'DARTS, final training on CIFAR-10; 256 in PC-DARTS (arXiv 1907.05737) and EBNAS',
  crop: 'DARTS, and usual for CIFAR (ResNet, arXiv 1512.03385)',
  cropScale: ours('that of Inception (arXiv 1409.4842) for large images, none for small ones'),
  flip: 'DARTS, and usual for CIFAR (ResNet, arXiv 1512.03385)',
  cutout: 'DARTS; Cutout (arXiv 1708.04552)',
  colorJitter: 'DARTS: none on CIFAR-10',
  epochs: 'DARTS, final training on CIFAR-10',
  stages: ours('one; two are an option for 1-bit networks'),
  optimizer: 'EBNAS and larq: Adam for 1-bit networks; DARTS has SGD with 0.025',
  momentum: 'DARTS 0.9 with SGD; for Adam its beta1 (arXiv 1412.6980)',
  weightDecay: 'EBNAS and larq: none on latent weights; DARTS has 3e-4 with SGD',
  gradientClip: 'DARTS',
  schedule: 'DARTS: a cosine; here by step instead of by epoch',
  learningRate: 'EBNAS and larq: 0.001 with Adam',
  minLearningRate: 'DARTS, final training: the cosine ends at 0',
  warmupEpochs: 'DARTS: none on CIFAR-10',
  beta2: 'Adam (arXiv 1412.6980)',
  dropPath: 'DARTS, final training on CIFAR-10',
  auxiliaryWeight: 'DARTS',
  labelSmoothing: 'DARTS: none on CIFAR-10',
  emaDecay: ours('none'),
  statisticsDecay: "PyTorch's default momentum, which DARTS has: 0.1 of every batch enters",
  crossEntropyWeight: 'CP-NAS: the sum of the terms has no weight on the cross-entropy',
  cpTarget: ours('the reading that needs no trained Parent'),
  filterWeight: ours(
    'CP-NAS has none on the reconstruction error, that is 1, and 0.01 and above were seen to cost accuracy; 1e-5 to 1e-3 in the literature',
  ),
  lambda: ours(
    'of a mean over the map and the batch, so that it does not depend on their sizes (DCP-NAS has 5e-3 of a sum); 0.1 was seen to cost accuracy',
  ),
  distillationWeight: ours('no teacher'),
  temperature: ours(
    '2.5 to 4 in Hinton et al. (arXiv 1503.02531) for small networks; without effect where there is no teacher',
  ),
}

const imagenet: PresetSources = {
  ...cifar10,
  cells: 'DCP-NAS (arXiv 2306.15390), DCP-NAS-L on ImageNet',
  channels: 'DCP-NAS, DCP-NAS-L on ImageNet',
  stem: 'DARTS, network for ImageNet',
  validationShare: ours(
    'one image in a hundred chooses the best epoch; DARTS watches the validation set, here the test set',
  ),
  batchSize: 'PC-DARTS and EBNAS: 256; DARTS has 128',
  crop: 'DARTS: images are cropped and resized at random instead',
  cutout: 'DARTS: none on ImageNet',
  colorJitter: 'DARTS: 0.4 of brightness, contrast and saturation; its 0.2 of hue is left out',
  epochs: 'DCP-NAS on ImageNet; DARTS has 250',
  schedule: ours('a cosine as on CIFAR-10; PC-DARTS has a line, DARTS a step an epoch'),
  warmupEpochs: 'PC-DARTS on ImageNet',
  dropPath: 'DARTS: none on ImageNet',
  labelSmoothing: 'DARTS on ImageNet',
  auxiliaryWeight: 'DARTS',
}

const quick: PresetSources = {
  ...cifar10,
  cells: ours('the fewest with both kinds of cell'),
  channels: cost,
  validationShare: ours('a thousand images of the embedded ten thousand'),
  batchSize: cost,
  crop: ours('none: clothes lie in the middle'),
  flip: ours('none, as in the search'),
  cutout: ours('none: the network is too small to overfit'),
  epochs: cost,
  learningRate: ours('ten times that of EBNAS and larq, for there are few steps'),
  dropPath: ours('none: the network is too small to overfit'),
  auxiliaryWeight: ours('none: the network is not deep'),
  filterWeight: ours(
    'at 0.01, and still more with the 1 of CP-NAS, the signs are fixed before so few steps have learned them',
  ),
  lambda: ours('0.1 costs accuracy in so few steps'),
}

const cpu10min: PresetSources = {
  ...quick,
  space: ours('its networks are better than those of CP-NAS at the same cost'),
  channels: cost,
  validationShare: ours('one image in ten chooses the best epoch'),
  batchSize: ours('larger than the 64 of quick: there are more images'),
  crop: ours('half of what is usual for CIFAR: better in so few epochs, by validation'),
  flip: 'usual for CIFAR (ResNet, arXiv 1512.03385)',
  cutout: ours('none: in so few epochs a network does not overfit'),
  epochs: cost,
  dropPath: ours('none: in so few epochs a network does not overfit'),
  schedule: 'one-cycle (arXiv 1708.07120), for few epochs',
  learningRate: ours('0.01 was better than 0.005 and 0.002 after three epochs, by validation'),
  warmupEpochs: ours('a fifth of two epochs, as it was tried'),
  gradientClip: ours('none: it was not needed'),
  filterWeight: ours('none: the term was not seen to help in so few epochs'),
  lambda: ours('none: the term was not seen to help in so few epochs'),
}

const cpu1h: PresetSources = {
  ...cpu10min,
  channels: ours(
    'half as many again as in ten minutes: of seven times the work about a half goes into a larger network',
  ),
  validationShare: ours('one image in twenty chooses the best epoch'),
  crop: 'usual for CIFAR (ResNet, arXiv 1512.03385)',
  cutout: ours('none: with label smoothing no better in 25 epochs, by validation'),
  epochs: ours('what an hour on two cores holds'),
  dropPath: ours('none: not tried'),
}

const parentOf = (preset: PresetSources): PresetSources => ({
  ...preset,
  precision: 'CP-NAS: the Parent is the same architecture in full precision',
  optimizer: 'usual for networks in full precision on CIFAR (ResNet, arXiv 1512.03385)',
  learningRate: 'usual with SGD on CIFAR (ResNet, arXiv 1512.03385)',
  weightDecay: 'usual with SGD on CIFAR (Wide ResNet, arXiv 1605.07146)',
})

/** Where every value of every preset is from: a publication, or "not stated in the source; ours" with the reason. */
export const presetSources: Readonly<Record<TrainingPreset, PresetSources>> = {
  quick,
  'cpu-10min': cpu10min,
  'cpu-10min-parent': parentOf(cpu10min),
  'cpu-1h': cpu1h,
  'cpu-1h-parent': { ...parentOf(cpu1h), cutout: ours('half of what is usual: the images are seen only 25 times') },
  cifar10,
  imagenet,
}
