import { attempt, type Either, fail, type PackedError } from './errors.js'
import { imageShape, inferStep, outlineOf, stepName, termName, type ValueShape } from './outline.js'
import type { Program, Step } from './program.js'
import { limits, type TensorRule } from './rules.js'

const typeOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1)

/** Whether the tensor of a step or a term is what its rule says. */
const checkTensor = (owner: object, { name, type, length, bits }: TensorRule, where: string): void => {
  const tensor: unknown = (owner as Readonly<Record<string, unknown>>)[name]
  if (typeOf(tensor) !== type)
    fail('WrongTensor', `${where}: its ${name} are of type ${typeOf(tensor)}, but must be a ${type}`)
  const values = tensor as Uint8Array | Int16Array | Float32Array
  if (values.length !== length)
    fail('WrongTensor', `${where}: its ${name} have ${values.length} elements, but its shape asks for ${length}`)
  if (bits !== undefined && bits % 8 > 0 && values[length - 1]! >> (bits % 8) !== 0)
    fail('SignsLeftOver', `${where}: of its signs, a bit after the last of ${bits} is set; those must be 0`)
  if (type === 'Float32Array') {
    const at = values.findIndex((value: number) => !Number.isFinite(value))
    if (at >= 0) fail('NotFinite', `${where}: element ${at} of its ${name} is ${values[at]}; all must be finite`)
  }
}

const checkStep = (shapes: readonly ValueShape[], step: Step, index: number): ValueShape => {
  const where = stepName(index, step.kind)
  const { shape, tensors } = inferStep(shapes, outlineOf(step), index)
  const terms = step.kind === 'sum' ? step.terms : []
  tensors.forEach((rules, i) => {
    const term = terms[i - 1]
    for (const rule of rules) checkTensor(term ?? step, rule, term ? termName(where, i - 1, term.kind) : where)
  })
  return shape
}

/** Fails unless the classifier is the last step, and only that. */
const checkClassifier = (kinds: readonly string[]): void => {
  const at = kinds.indexOf('classifier')
  if (at < 0) fail('NoClassifier', `program: its last step, of ${kinds.length}, must be a classifier, but none is`)
  if (at < kinds.length - 1)
    fail('MisplacedClassifier', `${stepName(at, 'classifier')}: only the last step, ${kinds.length - 1}, may classify`)
}

/** Fails if a program of these values would need more memory than a program may. */
const checkMemory = (shapes: readonly ValueShape[]): void => {
  const numbers = shapes.reduce((sum, { height, width, channels }) => sum + height * width * channels, 0)
  if (numbers > limits.maps) fail('TooLarge', `program: its maps have ${numbers} numbers, more than ${limits.maps}`)
}

/** What `check` gives; fails with what it says. */
export const verified = ({ image, steps }: Program): readonly ValueShape[] => {
  if (steps.length > limits.steps)
    fail('TooLarge', `program: has ${steps.length} steps, but at most ${limits.steps} are possible`)
  checkClassifier(steps.map(step => step.kind))
  const shapes = [imageShape(image)]
  steps.forEach((step, index) => {
    shapes.push(checkStep(shapes, step, index))
  })
  checkMemory(shapes)
  return shapes
}

/**
 * The shapes of the image and of what each step makes (value i at position i; the scores are a map of one pixel), or what is
 * wrong: a value that does not exist before its use, of the wrong kind or size; a tensor of the wrong length, a number that is
 * not finite; a window, a size or a count out of bounds. What it passes can be encoded, interpreted and run without further checks.
 */
export const check = (program: Program): Either<PackedError, readonly ValueShape[]> => attempt(() => verified(program))
