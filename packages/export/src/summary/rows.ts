import type { SummaryRow, Weight } from '@cpnas/model'
import type { Program, Step, SumStep, Term, ValueShape, Window } from '@cpnas/packed'
import type { Label } from '../lower/lower.js'
import { classifierReason, convolutionReason, poolingReason, preluReason, sumReasons } from './reasons.js'

const partOf = (name: string): string => /^cells\.\d+|^[^.]+/.exec(name)![0]

const nothing: Weight = { binaryWeights: 0, floatWeights: 0, binaryMacs: 0, floatMacs: 0, bytes: 0 }

const row = (name: string, rest: Omit<SummaryRow, 'name' | 'part' | keyof Weight> & Partial<Weight>): SummaryRow => ({
  name,
  part: partOf(name),
  ...nothing,
  ...rest,
})

const floats = (
  name: string,
  kind: SummaryRow['kind'],
  shape: readonly number[],
  reason: string | undefined,
  pixels = 0,
): SummaryRow => {
  const size = shape.reduce((a, b) => a * b, 1)
  return row(name, { kind, shape, reason, floatWeights: size, floatMacs: size * pixels, bytes: 4 * size })
}

const signs = (name: string, kind: SummaryRow['kind'], shape: readonly number[], pixels: number): SummaryRow => {
  const size = shape.reduce((a, b) => a * b, 1)
  const weights = { binaryWeights: size, binaryMacs: size * pixels, bytes: Math.ceil(size / 8) }
  return row(name, { kind, shape, reason: undefined, ...weights })
}

const thresholds = (filter: string, channels: number): SummaryRow =>
  row(`${filter}.thresholds`, { kind: 'threshold', shape: [channels], reason: undefined, bytes: 2 * channels })

const pixelsOf = ({ height, width }: ValueShape): number => height * width

/** The rows of the tensors of a program's steps, in their order. */
export const stepRows = (
  program: Program,
  shapes: readonly ValueShape[],
  labels: readonly Label[],
): readonly SummaryRow[] => {
  const reasons = sumReasons(program)
  const channelsIn = (inputs: readonly number[]): number =>
    inputs.reduce((sum, input) => sum + shapes[input]!.channels, 0)
  const filterShape = ({ size }: Window, inputs: readonly number[], outputs: number): readonly number[] => [
    size,
    size,
    channelsIn(inputs),
    outputs,
  ]

  const termRows = (term: Term, name: string, pixels: number, reason: string | undefined): readonly SummaryRow[] => {
    switch (term.kind) {
      case 'binary-convolution': {
        const outputs = term.scale.length
        return [
          signs(name, 'convolution', filterShape(term.window, term.inputs, outputs), pixels),
          floats(`${name}.scale`, 'scale', [outputs], reason),
        ]
      }
      case 'convolution': {
        const shape = filterShape(term.window, term.inputs, term.outputs)
        return [floats(name, 'convolution', shape, convolutionReason(term.window.size), pixels)]
      }
      case 'max-pooling':
      case 'average-pooling':
        return [floats(name, 'pooling', [term.scale.length], poolingReason)]
      case 'identity':
        return []
    }
  }

  const sumRows = ({ terms, bias }: SumStep, { name, terms: names }: Label, pixels: number, reason?: string) => [
    ...terms.flatMap((term, i) => termRows(term, names[i]!, pixels, reason)),
    floats(`${name}.bias`, 'bias', [bias.length], reason),
  ]

  const rowsOf = (step: Step, i: number): readonly SummaryRow[] => {
    const label = labels[i]!
    const { name } = label
    const shape = shapes[i + 1]!
    switch (step.kind) {
      case 'sum':
        return sumRows(step, label, pixelsOf(shape), reasons[i])
      case 'sign':
        return []
      case 'prelu':
        return [floats(name, 'prelu', [shape.channels], preluReason)]
      case 'binary-convolution': {
        const { window, inputs } = step
        return [
          signs(name, 'convolution', filterShape(window, inputs, shape.channels), pixelsOf(shape)),
          thresholds(name, shape.channels),
        ]
      }
      case 'binary-depthwise': {
        const { size } = step.window
        return [
          signs(name, 'depthwise', [size, size, shape.channels], pixelsOf(shape)),
          thresholds(name, shape.channels),
        ]
      }
      case 'classifier':
        return [
          floats(`${name}.weights`, 'classifier', [channelsIn(step.inputs), shape.channels], classifierReason, 1),
          floats(`${name}.bias`, 'classifier', [shape.channels], classifierReason),
        ]
    }
  }
  return program.steps.flatMap(rowsOf)
}

/** A row for what a file has beside tensors. */
export const fileRow = (name: string, bytes: number): SummaryRow => ({
  ...row(name, { kind: 'header', shape: [], reason: undefined, bytes }),
  part: 'file',
})
