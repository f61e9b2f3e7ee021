import { verified } from './check.js'
import { attempt, type Either, fail, type PackedError } from './errors.js'
import { type TypedArray, tensorReader } from './format/data.js'
import { opened, type Parts } from './format/header.js'
import { checkedMetadata, parsedMetadata } from './format/metadata.js'
import { readImage, readStep, recordReader } from './format/records.js'
import { imageShape, inferStep, type StepOutline, stepName, type TermOutline, termName } from './outline.js'
import type { PackedModel, Program, Step, Term } from './program.js'
import { stepRules, termRules } from './rules.js'

type Tensors = Readonly<Record<string, TypedArray>>

const withInputs = <A>(inputs: readonly A[], many: boolean) => (many ? { inputs } : { input: inputs[0] })

const termOf = ({ inputs, outputs, ...term }: TermOutline, tensors: Tensors): Term =>
  ({
    ...term,
    ...withInputs(inputs, termRules[term.kind].many),
    ...(term.kind === 'convolution' && { outputs }),
    ...tensors,
  }) as Term

const stepOf = (step: StepOutline, [own, ...ofTerms]: readonly Tensors[]): Step => {
  if (step.kind === 'sum') {
    const { kind, height, width, terms } = step
    return {
      kind,
      height,
      width,
      terms: terms.map((term, i) => termOf(term, ofTerms[i]!)),
      bias: own!.bias as Float32Array,
    }
  }
  const { inputs, outputs: _, ...rest } = step
  return { ...rest, ...withInputs(inputs, stepRules[step.kind].many), ...own } as Step
}

const nameOf = (step: StepOutline, index: number, part: number): string => {
  const name = stepName(index, step.kind)
  const term = step.kind === 'sum' ? step.terms[part - 1] : undefined
  return term ? termName(name, part - 1, term.kind) : name
}

const parsedProgram = ({ records, data }: Parts<Uint8Array>): Program => {
  const reader = recordReader(records)
  const tensors = tensorReader(data)
  const image = readImage(reader.next)
  const shapes = [imageShape(image)]
  const steps: Step[] = []
  while (reader.more()) {
    const index = steps.length
    if (steps.at(-1)?.kind === 'classifier')
      fail('RecordsLeftOver', `step ${index}: there are records after the classifier, which must be the last step`)
    const outline = readStep(reader.next, index)
    const inferred = inferStep(shapes, outline, index)
    const taken = inferred.tensors.map((rules, part) => {
      const where = nameOf(outline, index, part)
      return Object.fromEntries(rules.map(rule => [rule.name, tensors.take(rule, where)]))
    })
    steps.push(stepOf(outline, taken))
    shapes.push(inferred.shape)
  }
  if (tensors.left() > 0)
    fail('DataLeftOver', `data: ${tensors.left()} bytes follow the last tensor; there must be none`)
  return { image, steps }
}

/**
 * The model of a file that `encode` wrote, or what is wrong with it: every way has its own `_tag`. Its tensors are views of the
 * given bytes, which must not change while it lives; only where the bytes do not lie at a multiple of 4 in their buffer are
 * the tensors copied. Never reads outside of the bytes, and takes no more memory than they do, whatever they are.
 */
export const from = (bytes: Uint8Array | ArrayBuffer): Either<PackedError, PackedModel> =>
  attempt(() => {
    const { buffer, byteOffset, byteLength } = 'buffer' in bytes ? bytes : new Uint8Array(bytes)
    const parts = opened(new Uint8Array(buffer, byteOffset, byteLength))
    const metadata = parsedMetadata(parts.metadata)
    const program = parsedProgram(parts)
    verified(program)
    return { metadata: checkedMetadata(metadata, program), program }
  })
