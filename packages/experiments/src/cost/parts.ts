import { check, type Program, type Step, type Term, type ValueShape, type Window } from '@cpnas/packed'
import { isLeft } from 'fp-ts/lib/Either.js'

const size = ({ height, width, channels }: ValueShape): string => `${height}x${width}x${channels}`
const window = ({ size, stride, dilation }: Window): string => `${size}/${stride}/${dilation}`

const ofTerm = (term: Term, input: (value: number) => string, out: string): string => {
  switch (term.kind) {
    case 'identity':
      return `identity ${out}`
    case 'max-pooling':
    case 'average-pooling':
      return `${term.kind} ${window(term.window)} ${out}`
    case 'convolution':
      return `convolution ${window(term.window)} ${term.inputs.map(input).join('+')} to ${term.outputs}`
    case 'binary-convolution':
      return `binary-convolution ${window(term.window)} ${term.inputs.map(input).join('+')} to ${term.scale.length}`
  }
}

const ofStep = (step: Step, input: (value: number) => string, out: string): readonly string[] => {
  switch (step.kind) {
    case 'sum':
      return [`sum ${out}`, ...step.terms.map(term => ofTerm(term, input, out))]
    case 'sign':
    case 'prelu':
      return [`${step.kind} ${out}`]
    case 'classifier':
      return [`classifier ${step.inputs.map(input).join('+')}`]
    case 'binary-convolution':
      return [`threshold ${window(step.window)} ${step.inputs.map(input).join('+')} to ${out}`]
    case 'binary-depthwise':
      return [`depthwise ${window(step.window)} ${out}`]
  }
}

/**
 * What each step of a program does, as texts: parts of the same text take the same time. A sum has one for itself and one for each of its
 * terms. The program is one that `check` passes.
 */
export const partsOf = (program: Program): readonly (readonly string[])[] => {
  const shapes = check(program)
  if (isLeft(shapes)) throw new RangeError(shapes.left.message)
  const input = (value: number): string => size(shapes.right[value]!)
  return program.steps.map((step, i) => ofStep(step, input, input(i + 1)))
}
