export {
  type Augmentation,
  type AugmentationOptions,
  type Augmented,
  augmentationFor,
  type CropScale,
  type CropScaleOption,
  type ImageShape,
  renderImage,
  type Transform,
  transformAt,
} from './augmentation.js'
export * from './batches.js'
export * from './catalogue.js'
export {
  type CorruptImage,
  catchReadError,
  type Dataset,
  type DatasetPair,
  DatasetReadError,
  type ImageFolder,
  type ImageRequest,
  type LabelledImages,
  type LoadedImages,
  memoryDataset,
  type RecordDataset,
} from './dataset.js'
export { type DownloadOptions, download } from './download/download.js'
export type { FetchOptions, Progress } from './download/fetch-file.js'
export { type DownloadableName, type RemoteFile, type Source, sources } from './download/sources.js'
export { type ClassFingerprint, type DataFingerprint, differenceOf, fingerprintOf } from './fingerprint.js'
export type { LeftOut } from './image-folder/left-out.js'
export type { ImageFolderOptions } from './image-folder/open-folder.js'
export { openPictures } from './image-folder/open-pictures.js'
export { shortSideOf } from './image-folder/view.js'
export { inMemory } from './in-memory.js'
export * from './open.js'
export * from './split.js'
export * from './split-batches.js'
export * from './statistics.js'
