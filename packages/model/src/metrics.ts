import { errorOfShare } from '@cpnas/training'

/** How well a class is told from the others. A share of nothing is null. */
export interface ClassMetrics {
  readonly name: string
  /** Images of this class. */
  readonly count: number
  /** Images taken for this class. */
  readonly predicted: number
  /** Share of the images taken for this class that are of it. */
  readonly precision: number | null
  /** Share of the images of this class that are taken for it. */
  readonly recall: number | null
  /** Harmonic mean of both: 2 * right / (count + predicted). */
  readonly f1: number | null
}

/** The images whose confidence is above `lower` and at most `upper`. */
export interface ReliabilityBin {
  readonly lower: number
  readonly upper: number
  readonly count: number
  /** Share of them classified right; null for none. */
  readonly accuracy: number | null
  /** Mean of their confidences; null for none. */
  readonly confidence: number | null
}

/** How well a network's confidence matches its accuracy. */
export interface Calibration {
  /** Mean over the images of the largest class probability. */
  readonly meanConfidence: number
  /**
   * Expected calibration error, 0..1: mean over the images of |accuracy - confidence| of their bin. Source: Guo et al. 2017,
   * arXiv 1706.04599, with 15 bins of equal width as there.
   */
  readonly error: number
  readonly bins: readonly ReliabilityBin[]
}

/** Metrics of a network on images. */
export interface Metrics {
  readonly images: number
  /** Share of the images whose class has the largest logit, 0..1. Of equal logits the one of the lower class counts as larger. */
  readonly top1: number
  /** Share of the images whose class is among the five largest logits; 1 where there are no more than five classes. */
  readonly top5: number
  /** Mean cross-entropy, in nats. */
  readonly loss: number
  readonly classes: readonly ClassMetrics[]
  /** confusion[t][p]: images of class t taken for class p. */
  readonly confusion: readonly (readonly number[])[]
  readonly calibration: Calibration
}

/** The standard error of top-1, sqrt(p * (1 - p) / images). */
export const standardError = ({ top1, images }: Pick<Metrics, 'top1' | 'images'>): number => errorOfShare(top1, images)

/** Images of one class that are taken for another. */
export interface Confused {
  readonly truth: ClassMetrics
  readonly guess: ClassMetrics
  readonly count: number
}

/** All confusions, the commonest first; of equally common ones in the order of the classes. */
export const confusions = ({ classes, confusion }: Pick<Metrics, 'classes' | 'confusion'>): readonly Confused[] =>
  confusion
    .flatMap((row, t) => row.map((count, p) => ({ truth: classes[t]!, guess: classes[p]!, count })))
    .filter(({ truth, guess, count }) => count > 0 && truth !== guess)
    .sort((a, b) => b.count - a.count)

const binCount = 15
const topCount = 5

/** Metrics of images that come in batches. */
export interface Tally {
  /** As `metrics`. */
  readonly add: (logits: ArrayLike<number>, labels: ArrayLike<number>) => void
  /** Of all images added. Throws RangeError for none. */
  readonly metrics: () => Metrics
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** Counts images as they come. The names are those of the classes, in the order of the logits. */
export const tally = (names: readonly string[]): Tally => {
  const classes = names.length
  const confusion = names.map(() => new Float64Array(classes))
  const bins = Array.from({ length: binCount }, () => ({ count: 0, right: 0, confidence: 0 }))
  let images = 0
  let top5 = 0
  let loss = 0

  const addImage = (logits: ArrayLike<number>, row: number, label: number): void => {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(`metrics: the label ${label} is none of ${classes} classes`)
    const own = logits[row + label]!
    let best = 0
    let above = 0
    for (let k = 0; k < classes; k++) {
      const logit = logits[row + k]!
      if (!Number.isFinite(logit)) throw new RangeError(`metrics: a logit is ${logit}`)
      if (logit > logits[row + best]!) best = k
      if (logit > own || (logit === own && k < label)) above++
    }
    const maximum = logits[row + best]!
    let sum = 0
    for (let k = 0; k < classes; k++) sum += Math.exp(logits[row + k]! - maximum)
    const confidence = 1 / sum
    const bin = bins[Math.min(binCount, Math.max(1, Math.ceil(confidence * binCount))) - 1]!
    bin.count++
    bin.confidence += confidence
    if (best === label) bin.right++
    confusion[label]![best]!++
    if (above < topCount) top5++
    loss += maximum - own + Math.log(sum)
    images++
  }

  const classMetrics = (name: string, k: number): ClassMetrics => {
    const right = confusion[k]![k]!
    const count = confusion[k]!.reduce((a, b) => a + b, 0)
    const predicted = confusion.reduce((sum, row) => sum + row[k]!, 0)
    return {
      name,
      count,
      predicted,
      precision: share(right, predicted),
      recall: share(right, count),
      f1: share(2 * right, count + predicted),
    }
  }

  return {
    add: (logits, labels) => {
      if (logits.length !== labels.length * classes)
        throw new RangeError(`metrics: ${logits.length} logits for ${labels.length} images of ${classes} classes`)
      for (let i = 0; i < labels.length; i++) addImage(logits, i * classes, labels[i]!)
    },
    metrics: () => {
      if (images === 0) throw new RangeError('metrics: there are no images')
      const total = (of: (bin: (typeof bins)[number]) => number): number => bins.reduce((sum, bin) => sum + of(bin), 0)
      return {
        images,
        top1: total(({ right }) => right) / images,
        top5: top5 / images,
        loss: loss / images,
        classes: names.map(classMetrics),
        confusion: confusion.map(row => Array.from(row)),
        calibration: {
          meanConfidence: total(({ confidence }) => confidence) / images,
          error: total(({ right, confidence }) => Math.abs(right - confidence)) / images,
          bins: bins.map(({ count, right, confidence }, i) => ({
            lower: i / binCount,
            upper: (i + 1) / binCount,
            count,
            accuracy: share(right, count),
            confidence: share(confidence, count),
          })),
        },
      }
    },
  }
}

/**
 * What logits [images, classes], row-major, say about images of known classes, [images]. Throws RangeError for a label that is
 * no class, a logit that is not finite, lengths that do not fit, and for no images.
 */
export const metrics = (
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classNames: readonly string[],
): Metrics => {
  const all = tally(classNames)
  all.add(logits, labels)
  return all.metrics()
}
