export { check } from './check.js'
export { type Classification, classify } from './classify.js'
export { type ByteLengths, byteLengths, encode, type StepBytes } from './encode.js'
export type { Either, FileErrorTag, PackedError, ProgramErrorTag } from './errors.js'
export { from } from './from.js'
export { type Interpretation, interpret } from './interpret.js'
export { load, type Network } from './load.js'
export { normalize } from './normalize.js'
export type { ValueShape } from './outline.js'
export {
  type Colours,
  centreOf,
  imageOf,
  luma,
  middleSquare,
  type Picture,
  type Rectangle,
  reduced,
  shortSideOf,
} from './picture.js'
export type { Bytes, Drawable, PictureSource, Pipeline } from './pixels.js'
export { createPool, type Pool, type PoolOptions } from './pool/create-pool.js'
export type * from './program.js'
export type { Choice, RunnerOptions } from './runtime/choose-kernels.js'
export type { Measured } from './runtime/choose-loop.js'
export { createRunner } from './runtime/create-runner.js'
export type { Loop } from './runtime/products.js'
export type { Runner, StepProfile } from './runtime/runner.js'
export { softmax } from './softmax.js'
