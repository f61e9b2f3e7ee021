import { confusions, type Metrics } from '@cpnas/model'
import type { TrainingRun } from '@cpnas/runs'
import { type Cell, cellChart } from '../charts/cell-chart.js'
import { reliabilityChart } from '../charts/reliability-chart.js'
import { figure, picture, section, type Table, table } from '../page/elements.js'
import { count, decimal, orDash, percent } from '../page/format.js'
import { type Html, html } from '../page/html.js'
import type { PageSection } from '../page/page.js'
import type { Indexed } from './indexed.js'

/** Up to so many classes a confusion matrix can be read; of more the largest confusions are listed. */
const readable = 30
const listed = 40

const confusionCells = ({ confusion }: Metrics): readonly Cell[] =>
  confusion.flatMap((row, truth) => {
    const images = row.reduce((a, b) => a + b, 0)
    return row.flatMap((n, guess) =>
      n === 0 && truth !== guess
        ? []
        : [
            {
              column: guess,
              row: truth,
              strength: ((truth === guess ? 1 : -1) * n) / Math.max(1, images),
              ...(confusion.length <= 15 ? { text: String(n) } : {}),
            },
          ],
    )
  })

const confusionTable = (metrics: Metrics): Table => ({
  label: 'Most frequent confusions',
  head: ['class', 'taken for', 'images', 'share of the class'],
  rows: confusions(metrics)
    .slice(0, listed)
    .map(({ truth, guess, count: n }) => [truth.name, guess.name, count(n), percent(n / truth.count)]),
})

const largest = (metrics: Metrics): string =>
  confusionTable(metrics)
    .rows.slice(0, 3)
    .map(([truth, guess, n]) => `${truth} taken for ${guess} ${n} times`)
    .join(', ') || 'no image is taken for another class'

const confusionFigure = (run: TrainingRun, index: number, metrics: Metrics): Html => {
  const id = `confusion-${index + 1}`
  const names = metrics.classes.map(({ name }) => name)
  const title = `${run.name}: confusion matrix`
  const longest = Math.max(...names.map(({ length }) => length))
  const room = Math.min(140, 12 + 5.8 * longest)
  if (names.length > readable)
    return figure({ id, title: `${run.name}: most frequent confusions`, content: table(confusionTable(metrics)) })
  const side = names.length <= 15 ? { width: 38, height: 26 } : { width: 22, height: 18 }
  return figure({
    id,
    title,
    note: html`Rows: the class; columns: what it is taken for. <span class="key above"></span> right, <span class="key below"></span> wrong, the stronger the
larger the share of the class.`,
    content: picture(
      {
        svg: cellChart({
          columns: names,
          rows: names,
          x: 'taken for',
          y: 'class',
          cells: confusionCells(metrics),
          cell: side,
          left: room + 20,
          bottom: room + 22,
        }),
        alt: `Confusion matrix of ${names.length} classes. Largest confusions: ${largest(metrics)}.`,
      },
      id,
    ),
    numbers: {
      label: title,
      head: ['class \\ taken for', ...names],
      rows: metrics.confusion.map((row, i) => [names[i]!, ...row.map(count)]),
    },
  })
}

const calibrationFigure = (run: TrainingRun, index: number, { calibration, top1 }: Metrics): Html => {
  const id = `calibration-${index + 1}`
  const title = `${run.name}: calibration`
  return figure({
    id,
    title,
    note: `Expected calibration error ${percent(calibration.error)}; mean confidence ${percent(calibration.meanConfidence)} at an accuracy of ${percent(top1)}. The fuller a bar's colour, the more images; dashed: perfect.`,
    content: picture(
      {
        svg: reliabilityChart(calibration.bins),
        alt: `Reliability diagram: accuracy by confidence. Expected calibration error ${percent(calibration.error)}.`,
      },
      id,
    ),
    numbers: {
      label: title,
      head: ['confidence', 'images', 'mean confidence', 'accuracy'],
      rows: calibration.bins.map(({ lower, upper, count: images, accuracy, confidence }) => [
        `${percent(lower)} to ${percent(upper)}`,
        count(images),
        orDash(confidence, percent),
        orDash(accuracy, percent),
      ]),
    },
  })
}

const classTable = (run: TrainingRun, index: number, { classes }: Metrics): Html =>
  figure({
    id: `classes-${index + 1}`,
    title: `${run.name}: by class`,
    content: table({
      label: `${run.name}: by class`,
      head: ['class', 'images', 'taken for it', 'precision', 'recall', 'F1'],
      rows: classes.map(({ name, count: images, predicted, precision, recall, f1 }) => [
        name,
        count(images),
        count(predicted),
        orDash(precision, percent),
        orDash(recall, percent),
        orDash(f1, percent),
      ]),
    }),
  })

const totals = (runs: Indexed<TrainingRun>): Html =>
  table({
    label: 'Test results',
    head: ['run', 'network', 'images', 'top-1', 'top-5', 'loss', 'calibration error'],
    rows: runs.flatMap(({ run }) =>
      Object.entries(run.evaluation ?? {}).map(([network, metrics]: [string, Metrics]) => [
        run.name,
        `${network} epoch`,
        count(metrics.images),
        percent(metrics.top1),
        percent(metrics.top5),
        decimal(metrics.loss),
        percent(metrics.calibration.error),
      ]),
    ),
  })

/** What finished trainings reach on the test set; undefined if none is finished. */
export const evaluation = (runs: Indexed<TrainingRun>): PageSection | undefined => {
  const tested = runs.filter(({ run }) => run.evaluation !== undefined)
  return tested.length === 0
    ? undefined
    : section({
        id: 'test',
        title: 'Test set',
        content: html`${totals(tested)}
<p>Below: the network of the best epoch.</p>
<div class="figures">${tested.map(({ run, index }) =>
          [confusionFigure, calibrationFigure, classTable].map(make => make(run, index, run.evaluation!.best)),
        )}</div>`,
      })
}
