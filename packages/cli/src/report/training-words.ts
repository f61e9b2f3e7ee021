import type { TestEvent } from '@cpnas/experiments'
import type { TrainingConfig, TrainingEvent } from '@cpnas/training'
import { percent } from './format.js'
import type { EventWords } from './reporter.js'

/** A line for every epoch. */
export const trainingWords = ({ stages, epochs }: TrainingConfig): EventWords<TrainingEvent | TestEvent> => {
  const position = ({ stage, epoch }: { readonly stage: number; readonly epoch: number }): string =>
    `${stages > 1 ? `stage ${stage}/${stages} ` : ''}epoch ${epoch}/${epochs}`
  const figures = (event: TrainingEvent | TestEvent): string | undefined => {
    if (event.type !== 'epoch') return undefined
    const { loss, accuracyTraining, accuracyValidation } = event.entry
    const validation = accuracyValidation === undefined ? '' : ` validation ${percent(accuracyValidation)}`
    return `loss ${loss.toFixed(3)} training ${percent(accuracyTraining)}${validation}`
  }
  return {
    line: event =>
      event.type === 'epoch'
        ? `${position(event.entry)}: ${figures(event)}${event.entry.best && event.entry.accuracyValidation !== undefined ? ', kept' : ''}`
        : undefined,
    position: event =>
      event.type === 'progress' ? position(event) : event.type === 'test' ? `testing ${event.network}` : undefined,
    figures,
    isKept: ({ type }) => type === 'epoch',
  }
}
