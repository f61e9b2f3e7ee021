import type { Agreement, EarlySignal, Ranking, TableEvent, TableFigures, TableJob } from '@cpnas/experiments'
import type { Table } from '@cpnas/table'
import { thousands } from './amounts.js'
import { percent } from './format.js'
import { type Block, grid } from './layout.js'
import type { EventWords } from './reporter.js'

const jobText = ({ cell, precision, seed }: TableJob): string =>
  `${cell.join(',')} ${precision === 'binary' ? 'child' : 'parent'} seed ${seed}`

/** A line for every training. */
export const tableWords = (trainings: number): EventWords<TableEvent> => {
  const figures = (event: TableEvent): string | undefined =>
    event.type === 'row'
      ? `validation ${percent(event.row.validation.at(-1)!)} test ${percent(event.row.test)}`
      : undefined
  return {
    line: event => (event.type === 'row' ? `${jobText(event.row)}: ${figures(event)}` : undefined),
    position: event =>
      event.type === 'training'
        ? `training ${Math.floor(event.fraction * trainings) + 1}/${trainings}: ${jobText(event.job)}`
        : undefined,
    figures,
    isKept: ({ type }) => type === 'row',
  }
}

const correlation = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? 'unknown' : value.toFixed(2)

/** How much of the Child's end its and its Parent's accuracies tell, epoch by epoch. */
const signalsGrid = (title: string, signals: readonly EarlySignal[]): Block =>
  grid(
    [title, 'Child', 'Parent', 'both', 'beta_P'],
    signals.map(({ epoch, child, parent, both, betaP, betaPError }) => [
      String(epoch),
      ...[child, parent, both].map(correlation),
      Number.isNaN(betaPError) ? 'unknown' : `${betaP.toFixed(2)} ± ${betaPError.toFixed(2)}`,
    ]),
    1,
  )

/** For people: what a table holds. */
export const printTableFigures = (table: Table, figures: TableFigures): readonly Block[] => {
  const { operations, architectures, all, child, parent, seedDeviation, correlations, best, largest, largestRegret } =
    figures
  const { training, validation, test } = table.images
  const row = (name: string, { lowest, median, highest, deviation }: TableFigures['child']): readonly string[] => [
    name,
    ...[lowest, median, highest, deviation].map(percent),
  ]
  return [
    `${thousands(architectures)} of ${thousands(all)} architectures of the space ${table.space.name}${operations.length < table.space.operations.length ? ` made of ${operations.join(', ')}` : ''}; ${table.dataset}: ${thousands(training)} training images, ${thousands(validation)} of validation, ${thousands(test)} of test; ${String(table.training.epochs)} epochs`,
    'Test accuracy after the last epoch, the mean of the seeds',
    grid(['', 'lowest', 'median', 'highest', 'deviation'], [row('Child', child), row('Parent', parent)], 1),
    ...(seedDeviation === undefined
      ? []
      : [
          `A Child's seeds deviate by ${percent(seedDeviation)}, its architectures by ${(child.deviation / seedDeviation).toFixed(1)} times that`,
        ]),
    grid(
      ['rank correlation of the Child (Spearman)', ''],
      [
        ['between two seeds', correlation(correlations.seeds)],
        ['with its Parent', correlation(correlations.parent)],
        ['with its multiply-accumulates', correlation(correlations.macs)],
        ['with its validation accuracy after one epoch', correlation(correlations.firstEpoch)],
      ],
      1,
    ),
    "What accuracies after an epoch explain of the Child's end (R2), and the weight of the Parent in the best sum of both",
    signalsGrid('epoch', figures.signals),
    signalsGrid('epoch, at equal multiply-accumulates', figures.signalsWithin),
    `Best: ${best.cell.join(',')}, ${percent(figures.child.highest)}, ${thousands(best.bytes)} bytes, ${best.milliseconds.toFixed(3)} ms`,
    `Largest: ${largest.cell.join(',')}, ${percent(largestRegret)} behind`,
  ]
}

/** For people: how well a search ranks architectures. */
export const printRanking = ({ architectures, child, childLoss, parent, z, macs }: Ranking): readonly Block[] => {
  const row = (name: string, { all, within }: Agreement): readonly string[] => [
    name,
    correlation(all),
    correlation(within),
  ]
  return [
    `${thousands(architectures)} architectures that the table has; Kendall's tau with its test accuracies`,
    grid(
      ['by', 'all pairs', 'at equal multiply-accumulates'],
      [
        row('Child', child),
        row("Child's loss", childLoss),
        ...(parent === undefined ? [] : [row('Parent', parent)]),
        ...z.map(({ betaP, agreement }) => row(`z, beta_P ${betaP}`, agreement)),
        row('multiply-accumulates', macs),
      ],
      1,
    ),
  ]
}
