import { standardError } from '@cpnas/model'
import type { Run, SearchRun, TrainingRun } from '@cpnas/runs'
import { section, table } from '../page/elements.js'
import { kilobytes, mean, orDash, percent, plural, points } from '../page/format.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Indexed } from './indexed.js'

/** A training that has been tested. */
type Tested = TrainingRun & { readonly evaluation: NonNullable<TrainingRun['evaluation']> }

const isTested = (run: TrainingRun): run is Tested => run.evaluation !== undefined

const accuracyOf = ({ evaluation }: Tested): number => evaluation.best.top1

const isChild = ({ config }: TrainingRun): boolean => config.precision === 'binary'

const cellsOf = ({ genotype, config }: TrainingRun): string => JSON.stringify([config.space, genotype])

/** What must agree for two trainings to be compared: all but the seed, the precision and what only one of both networks has. */
const recipeOf = ({ config, dataset, imageSize }: TrainingRun): string =>
  JSON.stringify([config.space, config.channels, config.cells, config.epochs, config.share, dataset, imageSize])

interface Fact {
  readonly value: string
  readonly caption: string
}

const errorOfMean = (values: readonly number[]): number => {
  const middle = mean(values)!
  return Math.sqrt(values.reduce((sum, x) => sum + (x - middle) ** 2, 0) / (values.length - 1) / values.length)
}

/** How far a Child is behind the Parents of its cells. */
const besideParent = (child: Tested, all: readonly Tested[]): readonly Fact[] => {
  const parents = all.filter(
    run => !isChild(run) && cellsOf(run) === cellsOf(child) && recipeOf(run) === recipeOf(child),
  )
  const accuracy = mean(parents.map(accuracyOf))
  return accuracy === undefined
    ? []
    : [{ value: points(accuracyOf(child) - accuracy), caption: `to its Parent, which has ${percent(accuracy)}` }]
}

/** How far a Child is ahead of Childs of at least two other cells that were trained alike. */
const besideOthers = (child: Tested, all: readonly Tested[]): readonly Fact[] => {
  const others = all.filter(run => isChild(run) && cellsOf(run) !== cellsOf(child) && recipeOf(run) === recipeOf(child))
  if (new Set(others.map(cellsOf)).size < 2) return []
  const accuracies = others.map(accuracyOf)
  const error = Math.hypot(errorOfMean(accuracies), standardError(child.evaluation.best))
  const value = `${points(accuracyOf(child) - mean(accuracies)!)} ± ${(100 * error).toFixed(2)}`
  return [{ value, caption: `to ${others.length} other cells trained alike, which have ${percent(mean(accuracies)!)}` }]
}

const accuracyText = ({ evaluation: { best } }: Tested): string =>
  `${percent(best.top1)} ± ${percent(standardError(best))}`

const facts = (run: Tested, all: readonly Tested[], milliseconds: number | undefined): readonly Fact[] => {
  const { evaluation, classes, summary, packedBytes } = run
  const guessing = classes === undefined ? '' : `; guessing: ${percent(1 / classes)}`
  return [
    { value: accuracyText(run), caption: `of ${plural(evaluation.best.images, 'test image')} recognized${guessing}` },
    ...(isChild(run) ? [...besideParent(run, all), ...besideOthers(run, all)] : []),
    ...(packedBytes === undefined
      ? []
      : [
          {
            value: kilobytes(packedBytes),
            caption: `packed, as it is shipped${summary === undefined ? '' : `; its Parent's file: ${kilobytes(summary.parent.bytes)}`}`,
          },
        ]),
    ...(milliseconds === undefined
      ? []
      : [
          {
            value: `${milliseconds.toFixed(2)} ms`,
            caption: 'an image, packed, on one thread of the machine that made this page',
          },
        ]),
    ...(summary === undefined
      ? []
      : [
          {
            value: `${((summary.total.binaryMacs + summary.total.floatMacs) / 1e6).toFixed(1)} M`,
            caption: `multiply-accumulates an image, ${percent(summary.total.binaryMacs / (summary.total.binaryMacs + summary.total.floatMacs))} of them in 1 bit`,
          },
        ]),
  ]
}

const tiles = (all: readonly Fact[]): Html =>
  html`<dl class="facts">${all.map(({ value, caption }) => html`<div><dd>${value}</dd><dt>${caption}</dt></div>`)}</dl>`

const nameOf = (run: TrainingRun): string => (isChild(run) ? 'Child' : 'Parent')

/** Several networks, the best first. */
const comparison = (runs: readonly Tested[]): Html =>
  table({
    label: 'Networks by accuracy',
    head: ['training', 'network', 'accuracy on test images', 'packed file', 'to its Parent', 'to other cells'],
    rows: runs
      .toSorted((a, b) => accuracyOf(b) - accuracyOf(a))
      .map(run => [
        run.name,
        nameOf(run),
        accuracyText(run),
        orDash(run.packedBytes, kilobytes),
        ...[besideParent, besideOthers].map(beside => (isChild(run) ? (beside(run, runs)[0]?.value ?? '–') : '–')),
      ]),
  })

const found = ({ name, history, classes }: SearchRun): Html => {
  const samples = history.filter(entry => entry.type === 'sample')
  const last = samples.filter(({ round }) => round === samples.at(-1)!.round)
  const child = orDash(mean(last.map(({ accuracyChild }) => accuracyChild)), percent)
  return html`<p>${name} has found cells from ${plural(samples.length, 'architecture')}; Childs of its last round reach ${child} on the validation
split${classes === undefined ? '' : ` (guessing: ${percent(1 / classes)})`}. A training shows how good the cells are: <code>cpnas train --genotype ${name}</code>.</p>`
}

/** The best Child, else a Parent. */
const bestOf = (tested: readonly Tested[]): Tested | undefined =>
  tested.filter(isChild).toSorted((a, b) => accuracyOf(b) - accuracyOf(a))[0] ?? tested[0]

/** The training whose network a report shows first: that of the best Child, else of a Parent; undefined if none has been tested. */
export const bestTraining = (runs: readonly Run[]): TrainingRun | undefined =>
  bestOf(runs.filter(run => run.kind === 'training').filter(isTested))

/** What came out, before all details: how good, how small, beside what; undefined while nothing is finished. */
export const verdict = (
  searches: Indexed<SearchRun>,
  trainings: Indexed<TrainingRun>,
  milliseconds: Readonly<Record<string, number>>,
): PageSection | undefined => {
  const tested = trainings.map(({ run }) => run).filter(isTested)
  const untrained = searches
    .map(({ run }) => run)
    .filter(({ genotype }) => genotype !== undefined && trainings.length === 0)
  if (tested.length === 0 && untrained.length === 0) return undefined
  const best = bestOf(tested)
  return section({
    id: 'result',
    title: 'Result',
    content: html`${untrained.map(found)}${
      best !== undefined &&
      html`<p>The ${nameOf(best)} of ${best.name}${tested.length > 1 ? ', the best one' : ''}:</p>${tiles(facts(best, tested, milliseconds[best.name]))}`
    }${tested.length > 1 && comparison(tested)}`,
  })
}
