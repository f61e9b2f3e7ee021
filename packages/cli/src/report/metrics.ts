import { printable } from '@cpnas/core'
import { type ClassMetrics, confusions, type Metrics } from '@cpnas/model'
import { thousands } from './amounts.js'
import { percent } from './format.js'
import { type Block, type Grid, grid } from './layout.js'

/** With more classes than these the matrix would not fit a terminal. */
const matrixLimit = 20
const listedConfusions = 10

const share = (value: number | null): string => (value === null ? '-' : percent(value))

const classTable = (classes: readonly ClassMetrics[]): Grid =>
  grid(
    ['class', 'images', 'precision', 'recall', 'F1'],
    classes.map(({ name, count, precision, recall, f1 }) => [
      printable(name),
      thousands(count),
      share(precision),
      share(recall),
      share(f1),
    ]),
    1,
  )

const matrix = ({ classes, confusion }: Metrics): Grid =>
  grid(
    ['images of \\ taken for', ...classes.map((_, k) => String(k))],
    classes.map(({ name }, k) => [`${k} ${printable(name)}`, ...confusion[k]!.map(String)]),
    1,
  )

/** The commonest mistakes. */
const mistakes = (metrics: Metrics): readonly string[] => [
  'Most frequent confusions:',
  ...confusions(metrics)
    .slice(0, listedConfusions)
    .map(({ truth, guess, count }) => `  ${printable(truth.name)} taken for ${printable(guess.name)}: ${count}`),
]

const reliabilityTable = ({ calibration: { bins } }: Metrics): Grid =>
  grid(
    ['confidence', 'images', 'accuracy', 'mean confidence'],
    bins
      .filter(({ count }) => count > 0)
      .map(({ lower, upper, count, accuracy, confidence }) => [
        `${percent(lower)} to ${percent(upper)}`,
        thousands(count),
        share(accuracy),
        share(confidence),
      ]),
    1,
  )

/** A network's metrics as text. */
export const printMetrics = (metrics: Metrics): readonly Block[] => {
  const { images, top1, top5, loss, classes, calibration } = metrics
  return [
    `Accuracy: top-1 ${percent(top1)}, top-5 ${percent(top5)} of ${thousands(images)} images (chance ${percent(1 / classes.length)}); cross-entropy ${loss.toFixed(4)}`,
    classTable(classes),
    ...(classes.length <= matrixLimit ? [matrix(metrics)] : mistakes(metrics)),
    `Calibration: expected error ${percent(calibration.error)} over ${calibration.bins.length} bins, mean confidence ${percent(calibration.meanConfidence)}`,
    reliabilityTable(metrics),
  ]
}
