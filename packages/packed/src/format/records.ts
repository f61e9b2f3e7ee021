import { fail } from '../errors.js'
import { type StepOutline, stepName, type TermOutline, termName } from '../outline.js'
import type { ImageSize, Window } from '../program.js'
import { type Rule, type StepKind, stepRules, type TermKind, termRules } from '../rules.js'

// The position of a kind is its code.
const stepKinds: readonly StepKind[] = ['sum', ...(Object.keys(stepRules) as (keyof typeof stepRules)[])]
const termKinds = Object.keys(termRules) as readonly TermKind[]

/** In the low byte of the first record beside the code. */
const reluFlag = 0x80

const head = (code: number, count: number): number => code | (count << 8)

/** Six bits of half the size, four of the stride, five of the dilation, one of the shift: every number is a window. */
const windowRecord = ({ size, stride, dilation, shift }: Window): number =>
  ((size - 1) / 2) | ((stride - 1) << 6) | ((dilation - 1) << 10) | (shift << 15)

const windowOf = (record: number): Window => ({
  size: 2 * (record & 63) + 1,
  stride: ((record >> 6) & 15) + 1,
  dilation: ((record >> 10) & 31) + 1,
  shift: (record >> 15) as 0 | 1,
})

const fields = ({ window, outputs, channel, inputs }: Omit<TermOutline, 'kind'>): readonly number[] => [
  ...(window ? [windowRecord(window)] : []),
  ...(outputs === undefined ? [] : [outputs]),
  ...(channel === undefined ? [] : [channel]),
  ...inputs,
]

const termRecords = (term: TermOutline): readonly number[] => [
  head(termKinds.indexOf(term.kind) | (term.relu ? reluFlag : 0), term.inputs.length),
  ...fields(term),
]

/** The records of a step that is one. */
export const stepRecords = (step: StepOutline): readonly number[] =>
  step.kind === 'sum'
    ? [head(0, step.terms.length), step.height, step.width, step.outputs, ...step.terms.flatMap(termRecords)]
    : [head(stepKinds.indexOf(step.kind), step.inputs.length), ...fields(step)]

/** The records of an image's size. */
export const imageRecords = ({ height, width, channels }: ImageSize): readonly number[] => [height, width, channels]

/** Gives the next record; fails, naming what it is read for, if there is none. */
export type NextRecord = (where: string) => number

/** Reads records of two bytes, little-endian; `more` says whether there are any left. */
export const recordReader = (bytes: Uint8Array): { readonly next: NextRecord; readonly more: () => boolean } => {
  let offset = 0
  return {
    next: where => {
      if (offset + 2 > bytes.length)
        fail('RecordsTooShort', `${where}: the records of ${bytes.length} bytes end within it`)
      const record = bytes[offset]! | (bytes[offset + 1]! << 8)
      offset += 2
      return record
    },
    more: () => offset < bytes.length,
  }
}

export const readImage = (next: NextRecord): ImageSize => ({
  height: next('image'),
  width: next('image'),
  channels: next('image'),
})

const readFields = (next: NextRecord, rule: Rule, count: number, isTerm: boolean, where: string) => {
  if (!rule.many && count !== 1) fail('WrongInputs', `${where}: reads ${count} values, but must read one`)
  return {
    ...(rule.windowed && { window: windowOf(next(where)) }),
    ...(rule.outputs && { outputs: next(where) }),
    ...(rule.outputs && isTerm && { channel: next(where) }),
    inputs: Array.from({ length: count }, () => next(where)),
  }
}

const readTerm = (next: NextRecord, step: string, index: number): TermOutline => {
  const first = next(`${step}, term ${index}`)
  const relu = (first & reluFlag) !== 0
  const kind = termKinds[first & 127]
  if (kind === undefined || (relu && kind !== 'convolution'))
    return fail('UnknownTerm', `${step}, term ${index}: there is no term of code ${first & 255}`)
  const where = termName(step, index, kind)
  const read = readFields(next, termRules[kind], first >> 8, true, where)
  return kind === 'convolution' ? { kind, relu, ...read } : { kind, ...read }
}

/** The next step; fails if there is none of its code. */
export const readStep = (next: NextRecord, index: number): StepOutline => {
  const first = next(`step ${index}`)
  const count = first >> 8
  const kind = stepKinds[first & 255]
  if (kind === undefined) return fail('UnknownStep', `step ${index}: there is no step of code ${first & 255}`)
  const where = stepName(index, kind)
  if (kind !== 'sum') return { kind, ...readFields(next, stepRules[kind], count, false, where) }
  const [height, width, outputs] = [next(where), next(where), next(where)]
  const terms = Array.from({ length: count }, (_, i) => readTerm(next, where, i))
  return { kind, height, width, outputs, terms }
}
