/** What is known of a network. */
export interface ModelCard {
  readonly name: string
  /** One line. */
  readonly description: string
  /** Length of its packed file. */
  readonly bytes: number
  /** Its files: `safetensors` is what a training can begin with. */
  readonly formats: readonly ('cpnas' | 'safetensors')[]
  /** Of the packed file on test images, 0..1, with its standard error, sqrt(p * (1 - p) / images). */
  readonly accuracy: { readonly top1: number; readonly error: number; readonly images: number }
  /** The images that it learned from, and their licence. */
  readonly data: { readonly name: string; readonly licence: string }
  /** What made it: commands in the repository of cpnas. */
  readonly commands: readonly string[]
}

const errorOf = (p: number, images: number): number => Math.sqrt((p * (1 - p)) / images)

const tested = (top1: number, images: number): ModelCard['accuracy'] => ({ top1, error: errorOf(top1, images), images })

const cifar10 = {
  name: 'CIFAR-10 (Krizhevsky 2009), kept as JPEG files',
  licence: 'none stated by its authors',
}

const fashionMnist = {
  name: 'Fashion-MNIST (Zalando SE)',
  licence: 'MIT',
}

/** Every network, by what it tells apart and then by size. */
export const models: readonly ModelCard[] = [
  {
    name: 'cifar10',
    description: "animals and vehicles in colour, 32x32 pixels; two hours of training, including its Parent's",
    bytes: 111372,
    formats: ['cpnas', 'safetensors'],
    accuracy: tested(0.8562, 5000),
    data: cifar10,
    commands: [
      'cpnas train --genotype bench/found-bayesian.json --preset cpu-1h-parent --data CIFAR10 --backend onednn-bf16 --out parent',
      'cpnas train --genotype bench/found-bayesian.json --preset cpu-1h --init-from parent --teacher parent --distillation-weight 1 --data CIFAR10 --backend onednn-bf16',
    ],
  },
  {
    name: 'cifar10-small',
    description: 'animals and vehicles in colour, 32x32 pixels; twenty minutes of training',
    bytes: 54336,
    formats: ['cpnas', 'safetensors'],
    accuracy: tested(0.8196, 5000),
    data: cifar10,
    commands: [
      'cpnas train --genotype bench/found-bayesian.json --preset cpu-1h --channels 16 --epochs 22 --data CIFAR10 --backend onednn-bf16',
    ],
  },
  {
    name: 'fashion-mnist',
    description: 'clothes in grey, bright on black, 28x28 pixels; ten minutes of training',
    bytes: 48516,
    formats: ['cpnas', 'safetensors'],
    accuracy: tested(0.916, 10000),
    data: fashionMnist,
    commands: ['cpnas train --genotype bench/found-residual.json --preset cpu-10min --data FASHION'],
  },
  {
    name: 'fashion-mnist-small',
    description: 'clothes in grey, bright on black, 28x28 pixels; five minutes of training',
    bytes: 15764,
    formats: ['cpnas', 'safetensors'],
    accuracy: tested(0.9005, 10000),
    data: fashionMnist,
    commands: ['cpnas train --genotype bench/found-residual.json --preset cpu-10min --channels 8 --data FASHION'],
  },
]
