/** Mean and standard deviation of a channel over all pixels, in units of the full range 0..1. */
export interface ChannelStatistics {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** Data sets of records of one size. */
export type RecordName = 'cifar10' | 'cifar100' | 'mnist' | 'fashion-mnist'

/** The names of the data sets. */
export type DatasetName = RecordName | 'image-folder'

/** The facts of a data set that are known without opening it. */
export interface DatasetFacts {
  /** As its authors write it. */
  readonly title: string
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly classNames: readonly string[]
  /** Of the full training set. */
  readonly statistics: ChannelStatistics
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

/**
 * The data sets that can be opened.
 *
 * Sources of the class names: the label files of the official archives (CIFAR-10/100; Krizhevsky 2009), the data set's
 * README (Fashion-MNIST). Sources of the statistics: CIFAR-10, DARTS (quark0/darts, cnn/utils.py); Fashion-MNIST, its
 * full training set by `channelStatistics`; CIFAR-100 and MNIST, the values in common use, rounded to four digits.
 * An image folder has the size that is asked for, its classes are its folders, and its statistics are those of ImageNet in
 * common use (torchvision).
 */
export const catalogue: Readonly<Record<DatasetName, DatasetFacts>> = {
  cifar10: {
    title: 'CIFAR-10',
    height: 32,
    width: 32,
    channels: 3,
    classNames: words('airplane automobile bird cat deer dog frog horse ship truck'),
    statistics: { mean: [0.49139968, 0.48215827, 0.44653124], std: [0.24703233, 0.24348505, 0.26158768] },
  },
  cifar100: {
    title: 'CIFAR-100',
    height: 32,
    width: 32,
    channels: 3,
    classNames: words(`
      apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
      caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
      flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
      maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
      plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail
      snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout
      tulip turtle wardrobe whale willow_tree wolf woman worm`),
    statistics: { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
  },
  mnist: {
    title: 'MNIST',
    height: 28,
    width: 28,
    channels: 1,
    classNames: words('0 1 2 3 4 5 6 7 8 9'),
    statistics: { mean: [0.1307], std: [0.3081] },
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST',
    height: 28,
    width: 28,
    channels: 1,
    classNames: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
    statistics: { mean: [0.2860406], std: [0.35302424] },
  },
  'image-folder': {
    title: 'Image folder',
    height: 224,
    width: 224,
    channels: 3,
    classNames: [],
    statistics: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
}

/** All of them. */
export const datasetNames = Object.keys(catalogue) as readonly DatasetName[]
