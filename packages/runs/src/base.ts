import { type DataFingerprint, shortSideOf } from '@cpnas/data'
import type { TrainedOn } from '@cpnas/training'
import type { Settings } from './checkpoint.js'

/** The part of config.json that every run has. */
export interface RunBase {
  readonly dataset: string
  /** Directory of the data files; null for the embedded images. */
  readonly data: string | null
  /** SHA-256 of the training labels: tells whether a run is resumed with its own data. */
  readonly labels: string
  /** Identifies its images: see `fingerprintOf` of @cpnas/data; data.json has all of it. Absent in runs of earlier versions. */
  readonly images?: Pick<DataFingerprint, 'by' | 'digest'>
  /** Height and width that the images of a folder are brought to; absent for data sets of images of one size. */
  readonly imageSize?: number
  /**
   * The engine and its threads; the number of threads does not change results. Another engine can continue with the same files and rounds
   * differently.
   */
  readonly backend: string
  readonly threads: number
}

/** The part of a run's config.json that every run has. */
export const baseOf = ({ dataset, data, labels, images, imageSize, backend, threads }: RunBase): RunBase => ({
  dataset,
  data,
  labels,
  ...(images === undefined ? {} : { images }),
  ...(imageSize === undefined ? {} : { imageSize }),
  backend,
  threads,
})

/** The files that every run has; a kind adds its own. */
export const commonFiles = {
  config: 'config.json',
  checkpoint: 'checkpoint.json',
  history: 'history.jsonl',
  journal: 'journal.jsonl',
  data: 'data.json',
} as const

/** Names of the files that every run has. */
export interface RunFiles {
  readonly config: string
  readonly checkpoint: string
  readonly history: string
  readonly journal: string
  readonly data: string
}

/** What the models of a run say that they were trained on; undefined for runs of earlier versions, which do not know it. */
export const trainedOnOf = ({ dataset, images, imageSize }: RunBase): TrainedOn | undefined =>
  images && {
    dataset,
    digest: images.digest,
    ...(imageSize === undefined ? {} : { shortSide: shortSideOf(imageSize) }),
  }

/** Settings that every checkpoint must match; not the path of the data, nor the engine. */
export const commonSettings = ({ dataset, labels, images, imageSize }: RunBase): Settings => ({
  dataset,
  labels,
  ...(images === undefined ? {} : { images: images.digest }),
  ...(imageSize === undefined ? {} : { imageSize }),
})
