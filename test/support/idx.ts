import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const header = (magic: number, sizes: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * (1 + sizes.length))
  ;[magic, ...sizes].forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i)
  })
  return bytes
}

/** IDX bytes of images of 28x28 and their labels; the pixels say which image they belong to. */
export const idxFiles = (labels: readonly number[]): { readonly images: Buffer; readonly labels: Buffer } => ({
  images: Buffer.concat([
    header(0x803, [labels.length, 28, 28]),
    Buffer.from(Uint8Array.from({ length: labels.length * 784 }, (_, i) => (i / 784) * 31 + (i % 784))),
  ]),
  labels: Buffer.concat([header(0x801, [labels.length]), Buffer.from(labels)]),
})

export interface MnistFiles {
  readonly 'train-images-idx3-ubyte': Buffer
  readonly 'train-labels-idx1-ubyte': Buffer
  readonly 't10k-images-idx3-ubyte': Buffer
  readonly 't10k-labels-idx1-ubyte': Buffer
}

/** The four files of an MNIST-like data set of 40 training and 10 test images. */
export const mnistFiles = (): MnistFiles => {
  const digits = Array.from({ length: 40 }, (_, i) => i % 10)
  const train = idxFiles(digits)
  const test = idxFiles(digits.slice(0, 10))
  return {
    'train-images-idx3-ubyte': train.images,
    'train-labels-idx1-ubyte': train.labels,
    't10k-images-idx3-ubyte': test.images,
    't10k-labels-idx1-ubyte': test.labels,
  }
}

/** Writes data files, except those set to undefined. */
export const writeFiles = (directory: string, files: Readonly<Record<string, Buffer | undefined>>): void => {
  for (const [name, bytes] of Object.entries(files)) if (bytes) writeFileSync(join(directory, name), bytes)
}
