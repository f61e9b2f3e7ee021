import { join } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { frontFiles } from '@cpnas/runs'
import { type Cost, type CostOf, fronts, type SampleEntry } from '@cpnas/search'
import type { Genotype } from '@cpnas/supernet'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** An architecture than which no other sample is both more accurate and faster. */
export interface FrontPoint extends Cost {
  readonly architecture: Genotype
  /** On the validation split, 0..1. */
  readonly accuracyChild: number
}

/** The samples that no other beats in accuracy and time, the fastest first; of equals the first. */
export const frontOf = (samples: readonly SampleEntry[], costOf: CostOf): readonly FrontPoint[] => {
  const points = samples.map(({ architecture, accuracyChild }) => ({
    architecture,
    accuracyChild,
    ...costOf(architecture),
  }))
  const [first = []] = fronts(points, ({ accuracyChild, milliseconds }) => ({
    accuracy: accuracyChild,
    cost: milliseconds,
  }))
  return first
    .filter(
      (point, i) =>
        first.findIndex(
          other => other.accuracyChild === point.accuracyChild && other.milliseconds === point.milliseconds,
        ) === i,
    )
    .toSorted((a, b) => a.milliseconds - b.milliseconds)
}

/** Accuracy over time: all samples, and the front. */
const drawFront = async (
  samples: readonly SampleEntry[],
  front: readonly FrontPoint[],
  costOf: CostOf,
): Promise<string> => {
  // The plotting library takes a while to load.
  const { spreadChart } = await import('@cpnas/report')
  const point = ({ milliseconds, accuracyChild }: Pick<FrontPoint, 'milliseconds' | 'accuracyChild'>) => ({
    x: milliseconds,
    y: accuracyChild * 100,
  })
  return spreadChart({
    x: 'milliseconds of an image, packed',
    y: 'validation accuracy of the Child, %',
    categories: [],
    series: [
      { name: 'front', points: front.map(point) },
      {
        name: 'all samples',
        scattered: true,
        points: samples.map(({ architecture, accuracyChild }) => point({ ...costOf(architecture), accuracyChild })),
      },
    ],
  })
}

/** Writes the front of a search, as JSON and as a picture. */
export const writeFront = (
  directory: string,
  samples: readonly SampleEntry[],
  costOf: CostOf,
): TE.TaskEither<CpnasError, readonly FrontPoint[]> => {
  const front = frontOf(samples, costOf)
  return pipe(
    writeFileAtomic(join(directory, frontFiles.json), `${JSON.stringify(front, null, 2)}\n`),
    TE.flatMap(() => TE.fromTask(() => drawFront(samples, front, costOf))),
    TE.flatMap(svg => writeFileAtomic(join(directory, frontFiles.picture), svg)),
    TE.map(() => front),
  )
}
