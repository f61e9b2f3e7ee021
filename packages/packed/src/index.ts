export { check } from './check.js'
export { type Classification, classify } from './classify.js'
export { type ByteLengths, byteLengths, encode, type StepBytes } from './encode.js'
export type { Either, FileErrorTag, PackedError, ProgramErrorTag } from './errors.js'
export { from } from './from.js'
export { type Interpretation, interpret } from './interpret.js'
export { normalize } from './normalize.js'
export type { ValueShape } from './outline.js'
export type * from './program.js'
export {
  type Choice,
  createRunner,
  type Runner,
  type RunnerOptions,
  type StepProfile,
} from './runtime/create-runner.js'
export type { Loop } from './runtime/products.js'
export { softmax } from './softmax.js'
