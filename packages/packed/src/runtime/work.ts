import type { ValueShape } from '../outline.js'
import type { Program, Step, Term } from '../program.js'

/** Multiply-accumulates of a step, border pixels counted as inner ones; of pooling and sums of maps none. */
export interface Work {
  readonly binary: number
  readonly float: number
}

const products = (operation: Step | Term, pixels: number): Work => {
  if ('signs' in operation) {
    const { kind, window, signs } = operation
    const outputs = 'scale' in operation ? operation.scale.length : operation.thresholds.length
    const weights = kind === 'binary-depthwise' ? window.size ** 2 * outputs : signs.length * 8
    return { binary: weights * pixels, float: 0 }
  }
  if ('filters' in operation) return { binary: 0, float: operation.filters.length * pixels }
  return { binary: 0, float: operation.kind === 'classifier' ? operation.weights.length : 0 }
}

/** Of every step. */
export const workOf = ({ steps }: Program, shapes: readonly ValueShape[]): readonly Work[] =>
  steps.map((step, i) => {
    const { height, width } = shapes[i + 1]!
    const parts: readonly (Step | Term)[] = step.kind === 'sum' ? step.terms : [step]
    return parts
      .map(part => products(part, height * width))
      .reduce((a, b) => ({ binary: a.binary + b.binary, float: a.float + b.float }), { binary: 0, float: 0 })
  })
