import type { TrainingRun } from '@cpnas/runs'
import type { EpochEntry, LossTerms } from '@cpnas/training'
import { section } from '../page/elements.js'
import { html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import { overallEpochs } from '../steps.js'
import { type CurvesFigure, curvesFigure, type RunCurves } from './curves.js'
import type { Indexed } from './indexed.js'
import { chance } from './search-curves.js'

type Quantities = readonly { readonly of?: string; readonly value: (entry: EpochEntry) => number | undefined }[]

const curvesOf = (runs: Indexed<TrainingRun>, quantities: Quantities): readonly RunCurves[] =>
  runs.map(({ run }, index) => ({
    name: run.name,
    index,
    curves: quantities.map(({ of, value }) => ({
      ...(of === undefined ? {} : { of }),
      points: overallEpochs(run).map(({ step, entry }) => ({
        step,
        value: value(entry),
        where: `stage ${entry.stage}, epoch ${entry.epoch}${entry.best ? ', kept' : ''}`,
      })),
    })),
  }))

/** Where each stage begins, if any training has more than one. */
const stageMarks = (runs: Indexed<TrainingRun>): NonNullable<CurvesFigure['marks']> => {
  const found = runs.flatMap(({ run }) =>
    overallEpochs(run).flatMap(({ step, entry: { stage, epoch } }) =>
      stage > 1 && epoch === 1 ? [{ x: step, name: `stage ${stage}` }] : [],
    ),
  )
  return found.filter((mark, i) => found.findIndex(({ x, name }) => x === mark.x && name === mark.name) === i)
}

const terms: Readonly<Record<keyof LossTerms, { readonly title: string; readonly note: string }>> = {
  crossEntropy: { title: 'Cross-entropy', note: 'Of the training images, with label smoothing if there is some.' },
  filter: { title: 'Filter reconstruction error', note: 'Between latent and reconstructed filters.' },
  compactness: { title: 'Intra-class compactness', note: 'Half the squared distance of features to their class mean.' },
  auxiliary: { title: 'Cross-entropy of the auxiliary head', note: 'Of the training images.' },
  distillation: { title: 'Distillation', note: "Distance to the teacher's class probabilities." },
}

/** Accuracies, losses, their terms and the learning rate over the epochs; undefined without a training that has begun. */
export const trainingCurves = (runs: Indexed<TrainingRun>): PageSection | undefined => {
  const common = { x: 'epoch', marks: stageMarks(runs) }
  const figures = [
    curvesFigure({
      ...common,
      id: 'training-accuracy',
      title: 'Accuracy over the training',
      note: 'On the validation split if there is one, and on training images on the way, augmented, in training mode.',
      y: 'accuracy',
      percent: true,
      ...chance(runs.map(({ run }) => run)),
      runs: curvesOf(runs, [
        { of: 'validation', value: entry => entry.accuracyValidation },
        { of: 'training', value: entry => entry.accuracyTraining },
      ]),
    }),
    curvesFigure({
      ...common,
      id: 'training-loss',
      title: 'Loss over the training',
      note: 'Training: the weighted sum of all terms. Validation: cross-entropy.',
      y: 'loss',
      runs: curvesOf(runs, [
        { of: 'validation', value: entry => entry.lossValidation },
        { of: 'training', value: entry => entry.loss },
      ]),
    }),
    ...Object.entries(terms).map(([name, { title, note }]) =>
      curvesFigure({
        ...common,
        id: `training-${name}`,
        title: `Loss term: ${title}`,
        note: `${note} Mean of an epoch, without its weight.`,
        y: 'without its weight',
        runs: curvesOf(runs, [{ value: entry => entry.terms[name as keyof LossTerms] }]),
      }),
    ),
    curvesFigure({
      ...common,
      id: 'training-rate',
      title: 'Learning rate',
      note: "At an epoch's last step.",
      y: 'learning rate',
      runs: curvesOf(runs, [{ value: entry => entry.learningRate }]),
    }),
  ].filter(made => made !== undefined)
  return figures.length === 0
    ? undefined
    : section({ id: 'training', title: 'Training', content: html`<div class="figures">${figures}</div>` })
}
