import type { Program, SumStep } from '@cpnas/packed'

/** Why the filters of a float convolution are float: those of the stem are the only larger ones. */
export const convolutionReason = (size: number): string =>
  size > 1 ? 'the stem sees the image itself' : "a cell's inputs are brought to its size in full precision"

export const poolingReason = 'pooling takes numbers, not signs'
export const preluReason = 'a PReLU slope multiplies sums'
export const classifierReason = 'the classifier decides in full precision'

/** Whether some of the terms are added to other channels than others. */
const isBeside = ({ terms }: SumStep): boolean =>
  terms.some(term => 'channel' in term && term.channel > 0) && terms.every(({ kind }) => kind === 'binary-convolution')

/** Why each step that is a sum is one, rather than thresholds; undefined for the others. */
export const sumReasons = ({ steps }: Program): readonly (string | undefined)[] => {
  const beforePrelu = new Set(steps.flatMap(step => (step.kind === 'prelu' ? [step.input] : [])))
  return steps.map((step, i) => {
    if (step.kind !== 'sum') return undefined
    const [first, ...others] = step.terms
    if (first === undefined) return 'no edge leads to the node'
    if (others.length > 0) return isBeside(step) ? 'the halves of a reduction meet in it' : 'edges add up in it'
    if (first.kind === 'convolution') return convolutionReason(first.window.size)
    if (first.kind !== 'binary-convolution') return poolingReason
    return beforePrelu.has(i + 1) ? 'a PReLU follows' : 'more than its signs is asked for'
  })
}
