import type { SearchRun } from '@cpnas/runs'
import type { SampleEntry, WarmupEntry } from '@cpnas/search'
import { section } from '../page/elements.js'
import { html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import { architectures, type Step } from '../steps.js'
import { type Curve, type CurvesFigure, curvesFigure, type RunCurves } from './curves.js'
import type { Indexed } from './indexed.js'

type Trained = WarmupEntry | SampleEntry

const where = (entry: Trained): string =>
  entry.type === 'warmup'
    ? `warm-up ${entry.epoch}`
    : `round ${entry.round}, pass ${entry.pass}, sample ${entry.sample}`

const curve = (steps: readonly Step<Trained>[], value: (entry: Trained) => number | undefined, of?: string): Curve => ({
  ...(of === undefined ? {} : { of }),
  points: steps.map(({ step, entry }) => ({ step, value: value(entry), where: where(entry) })),
})

const ofSamples =
  (value: (entry: SampleEntry) => number | undefined) =>
  (entry: Trained): number | undefined =>
    entry.type === 'sample' ? value(entry) : undefined

const both = (
  runs: Indexed<SearchRun>,
  child: (entry: Trained) => number | undefined,
  parent: (entry: Trained) => number | undefined,
): readonly RunCurves[] =>
  runs.map(({ run }, index) => {
    const steps = architectures(run)
    const curves = [curve(steps, child, 'Child'), curve(steps, parent, 'Parent')]
    return {
      name: run.name,
      index,
      curves: curves.filter(({ points }) => points.some(({ value }) => value !== undefined)),
    }
  })

/** Where each round begins; of several searches only if it is the same for all. */
const roundMarks = (runs: Indexed<SearchRun>): NonNullable<CurvesFigure['marks']> => {
  const marksOf = ({ run }: Indexed<SearchRun>[number]) =>
    architectures(run).flatMap(({ step, entry }) =>
      entry.type === 'sample' && entry.pass === 1 && entry.sample === 1 ? [{ x: step, name: String(entry.round) }] : [],
    )
  const [first = [], ...others] = runs.map(marksOf)
  return others.every(marks => JSON.stringify(marks) === JSON.stringify(first)) ? first : []
}

/** The accuracy of guessing, if it is known and the same for all. */
export const chance = (runs: readonly { readonly classes?: number }[]): Pick<CurvesFigure, 'level'> => {
  const [classes, ...others] = [...new Set(runs.map(run => run.classes))]
  return classes === undefined || others.length > 0 ? {} : { level: { y: 1 / classes, name: 'chance' } }
}

/** Accuracies, z and losses over the search; undefined without a search that has begun. */
export const searchCurves = (runs: Indexed<SearchRun>): PageSection | undefined => {
  const common = { x: 'architecture', marks: roundMarks(runs) }
  const figures = [
    curvesFigure({
      ...common,
      id: 'search-accuracy',
      title: 'Accuracy of Child and Parent over the search',
      note: 'On the validation split, after its epoch; numbered verticals: rounds, after each of which every edge loses an operation.',
      y: 'validation accuracy',
      percent: true,
      ...chance(runs.map(({ run }) => run)),
      runs: both(
        runs,
        ofSamples(entry => entry.accuracyChild),
        ofSamples(entry => entry.accuracyParent),
      ),
    }),
    curvesFigure({
      ...common,
      id: 'search-z',
      title: 'z, what its operations get for an architecture',
      note: 'z = βP · (Parent − Child) + Child, of accuracies.',
      y: 'z',
      runs: runs.map(({ run }, index) => ({
        name: run.name,
        index,
        curves: [
          curve(
            architectures(run),
            ofSamples(({ z }) => z),
          ),
        ],
      })),
    }),
    curvesFigure({
      ...common,
      id: 'search-training-loss',
      title: 'Training loss over the search',
      note: 'Mean of the last epoch of an architecture. Warm-up epochs come before the first architecture, up to 0.',
      y: 'training loss',
      runs: both(
        runs,
        entry => entry.lossChild,
        entry => entry.lossParent,
      ),
    }),
    curvesFigure({
      ...common,
      id: 'search-validation-loss',
      title: 'Validation loss over the search',
      note: 'Mean cross-entropy.',
      y: 'validation loss',
      runs: both(
        runs,
        ofSamples(entry => entry.validationLossChild),
        ofSamples(entry => entry.validationLossParent),
      ),
    }),
  ].filter(made => made !== undefined)
  return figures.length === 0
    ? undefined
    : section({ id: 'search', title: 'Search', content: html`<div class="figures">${figures}</div>` })
}
