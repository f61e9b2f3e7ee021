import type { EventWords, ProgressEvent } from './reporter.js'

/** A batch of an evaluation is done. */
export interface EvaluationEvent extends ProgressEvent {
  readonly type: 'evaluate'
  readonly step: number
  readonly steps: number
}

export const evaluationEvent = (step: number, steps: number): EvaluationEvent => ({
  type: 'evaluate',
  fraction: step / steps,
  step,
  steps,
})

const tenths = (step: number, steps: number): number => Math.floor((10 * step) / steps)

const position = ({ step, steps }: EvaluationEvent): string => `batch ${step}/${steps}`

/** A line for every tenth of the work. */
export const evaluationWords: EventWords<EvaluationEvent> = {
  line: event => (tenths(event.step, event.steps) > tenths(event.step - 1, event.steps) ? position(event) : undefined),
  position,
  figures: () => undefined,
  isKept: () => false,
}
