import type { RecordName } from '../catalogue.js'

/** A file as it stands on the server. */
export interface RemoteFile {
  readonly name: string
  /** Hexadecimal, of the file as it is sent. */
  readonly md5: string
}

/** Where a data set comes from: single files, or a .tar.gz of which the contents are wanted. */
export interface Source {
  /** The directory of the files on the server, with or without a slash at its end. */
  readonly baseUrl: string
  readonly files: readonly RemoteFile[]
  /** Present if the one file is a .tar.gz: what has to be in it, by name below its top folder, and the size in bytes. */
  readonly unpacked?: readonly { readonly name: string; readonly bytes: number }[]
}

/** The data sets that can be downloaded. MNIST has no official address that still serves it. */
export type DownloadableName = Exclude<RecordName, 'mnist'>

const cifar = 'https://www.cs.toronto.edu/~kriz/'

/**
 * The official addresses and checksums: CIFAR-10/100, https://www.cs.toronto.edu/~kriz/cifar.html; Fashion-MNIST, the
 * README of https://github.com/zalandoresearch/fashion-mnist.
 */
export const sources: Readonly<Record<DownloadableName, Source>> = {
  cifar10: {
    baseUrl: cifar,
    files: [{ name: 'cifar-10-binary.tar.gz', md5: 'c32a1d4ab5d03f1284b67883e8d13530' }],
    unpacked: [
      ...[1, 2, 3, 4, 5].map(i => ({ name: `data_batch_${i}.bin`, bytes: 30_730_000 })),
      { name: 'test_batch.bin', bytes: 30_730_000 },
    ],
  },
  cifar100: {
    baseUrl: cifar,
    files: [{ name: 'cifar-100-binary.tar.gz', md5: '03b5dce01913d631647c71ecec9e9cb8' }],
    unpacked: [
      { name: 'train.bin', bytes: 153_700_000 },
      { name: 'test.bin', bytes: 30_740_000 },
    ],
  },
  'fashion-mnist': {
    baseUrl: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    files: [
      { name: 'train-images-idx3-ubyte.gz', md5: '8d4fb7e6c68d591d4c3dfef9ec88bf0d' },
      { name: 'train-labels-idx1-ubyte.gz', md5: '25c81989df183df01b3e8a0aad5dffbe' },
      { name: 't10k-images-idx3-ubyte.gz', md5: 'bef4ecab320f06d8554ea6380940ec79' },
      { name: 't10k-labels-idx1-ubyte.gz', md5: 'bb300cfdad3c16e7a12a480ee83cd310' },
    ],
  },
}
