import type { Metrics } from '@cpnas/model'
import type { Run, SearchRun, TrainingRun } from '@cpnas/runs'
import { architectures, overallEpochs, type Step } from '../steps.js'
import type { Scalar } from './event.js'

type Moment = Pick<Step<unknown>, 'step' | 'time'>

/** Tags and values of one step; what a run does not have is left out. */
const at = ({ step, time }: Moment, values: Readonly<Record<string, number | undefined>>): readonly Scalar[] =>
  Object.entries(values).flatMap(([tag, value]) =>
    value === undefined ? [] : [{ tag, step, value, ...(time === undefined ? {} : { time }) }],
  )

const searchScalars = (run: SearchRun): readonly Scalar[] =>
  architectures(run).flatMap(({ entry, ...moment }) =>
    at(
      moment,
      entry.type === 'warmup'
        ? { 'loss/child training': entry.lossChild, 'loss/parent training': entry.lossParent }
        : {
            'accuracy/child': entry.accuracyChild,
            'accuracy/parent': entry.accuracyParent,
            z: entry.z,
            'loss/child training': entry.lossChild,
            'loss/parent training': entry.lossParent,
            'loss/child validation': entry.validationLossChild,
            'loss/parent validation': entry.validationLossParent,
            round: entry.round,
          },
    ),
  )

const testScalars = (moment: Moment, name: string, { top1, top5, loss, calibration }: Metrics): readonly Scalar[] =>
  at(moment, {
    [`test ${name}/top-1`]: top1,
    [`test ${name}/top-5`]: top5,
    [`test ${name}/loss`]: loss,
    [`test ${name}/calibration error`]: calibration.error,
  })

const trainingScalars = (run: TrainingRun): readonly Scalar[] => {
  const epochs = overallEpochs(run)
  const scalars = epochs.flatMap(({ entry, ...moment }) =>
    at(moment, {
      'accuracy/training': entry.accuracyTraining,
      'accuracy/validation': entry.accuracyValidation,
      'loss/training': entry.loss,
      'loss/validation': entry.lossValidation,
      'learning rate': entry.learningRate,
      ...Object.fromEntries(Object.entries(entry.terms).map(([name, value]) => [`loss terms/${name}`, value])),
    }),
  )
  const last = epochs.at(-1) ?? { step: 0, time: undefined }
  return [
    ...scalars,
    ...Object.entries(run.evaluation ?? {}).flatMap(([name, metrics]) => testScalars(last, name, metrics)),
  ]
}

/**
 * Every number of a run's history. The step of a search counts its architectures (warm-up epochs come before the first, at 0
 * and below; TensorBoard takes them too), that of a training its epochs over all stages.
 */
export const scalarsOf = (run: Run): readonly Scalar[] =>
  run.kind === 'search' ? searchScalars(run) : trainingScalars(run)
