import { type DataFingerprint, shortSideOf } from '@cpnas/data'
import type { TrainedOn } from '@cpnas/training'
import type { Settings } from './checkpoint.js'

/** What config.json keeps of every run, whatever it does. */
export interface RunBase {
  readonly dataset: string
  /** Directory of the data files; null for the embedded images. */
  readonly data: string | null
  /** SHA-256 of the training labels: tells whether a run goes on with the data it was begun with. */
  readonly labels: string
  /** What tells its images from others: see `fingerprintOf` of @cpnas/data, all of which is in data.json. Absent in runs of earlier versions. */
  readonly images?: Pick<DataFingerprint, 'by' | 'digest'>
  /** Height and width that the images of a folder are brought to; absent for data sets of images of one size. */
  readonly imageSize?: number
  /** The engine that works on it, and the threads it was given, which change nothing. Another engine goes on with the same files, and rounds differently. */
  readonly backend: string
  readonly threads: number
}

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

/** What every checkpoint must have been made with. Where the data lie does not count, nor which engine computed. */
export const commonSettings = ({ dataset, labels, images, imageSize }: RunBase): Settings => ({
  dataset,
  labels,
  ...(images === undefined ? {} : { images: images.digest }),
  ...(imageSize === undefined ? {} : { imageSize }),
})
