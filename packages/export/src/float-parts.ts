import type { PackedModel, Step, Term } from '@cpnas/packed'

/** Numbers of a packed program that stay in 32 bits. */
export interface FloatPart {
  readonly part: string
  readonly numbers: number
  readonly bytes: number
  readonly reason: string
}

const because = {
  convolution: ['filters of float convolutions', 'their inputs are no signs: the image, or a float preprocessing'],
  scale: [
    'scales of binary convolutions in sums',
    'several edges are added before the next sign, so no threshold can stand for them',
  ],
  pooling: ['scales of pooling', 'pooling is of float maps, and is normalized before it is added'],
  bias: ['biases of sums', 'all constants of a sum of edges, of its normalizations too, are one number a channel'],
  prelu: ['slopes of PReLU', 'its output is added to other edges'],
  classifier: ['classifier', 'the last layer is in full precision in the paper; its scores are no signs'],
} as const

type Cause = keyof typeof because

const ofTerm = (term: Term): readonly (readonly [Cause, number])[] => {
  switch (term.kind) {
    case 'binary-convolution':
      return [['scale', term.scale.length]]
    case 'convolution':
      return [['convolution', term.filters.length]]
    case 'identity':
      return []
    default:
      return [['pooling', term.scale.length]]
  }
}

const ofStep = (step: Step): readonly (readonly [Cause, number])[] => {
  switch (step.kind) {
    case 'sum':
      return [['bias', step.bias.length], ...step.terms.flatMap(ofTerm)]
    case 'prelu':
      return [['prelu', step.slope.length]]
    case 'classifier':
      return [['classifier', step.weights.length + step.bias.length]]
    default:
      return []
  }
}

/** What of a packed model stays in 32 bits, and why; all else is signs and integer thresholds. */
export const floatParts = ({ program }: PackedModel): readonly FloatPart[] => {
  const counts = program.steps.flatMap(ofStep)
  return (Object.keys(because) as Cause[]).flatMap(cause => {
    const numbers = counts.reduce((sum, [of, count]) => (of === cause ? sum + count : sum), 0)
    const [part, reason] = because[cause]
    return numbers === 0 ? [] : [{ part, numbers, bytes: 4 * numbers, reason }]
  })
}
