import { type CpnasError, cpnasError } from '@cpnas/core'
import { pack } from '@cpnas/export'
import { readModel } from '@cpnas/model'
import { createRunner, type PackedModel, type Runner, type RunnerOptions } from '@cpnas/packed'
import { pathsOf, type TrainingRun, trainingFiles } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** Long enough for the optimizing compiler to replace the baseline's code. */
const warmUpMilliseconds = 100
const timedRuns = 50

/** What starts the packed engine. Error BackendUnavailable: WebAssembly has no SIMD here. */
export const startPacked = <A>(start: () => Promise<A>): TE.TaskEither<CpnasError, A> =>
  TE.tryCatch(start, error =>
    cpnasError(
      'BackendUnavailable',
      'packed engine',
      `cannot be started (${(error as Error).message})`,
      'Use a Node whose WebAssembly has SIMD: 20.19 or newer',
    ),
  )

/** A packed network, ready to run. Errors as `startPacked`. */
export const openRunner = (packed: PackedModel, options?: RunnerOptions): TE.TaskEither<CpnasError, Runner> =>
  startPacked(() => createRunner(packed, options))

/** Milliseconds of each of so many runs, after a warm-up. Nothing is awaited on the calling thread, because that would be timed too. */
export const timesOf = (run: () => unknown, repeat: number, warmUp: number = warmUpMilliseconds): readonly number[] => {
  const warm = performance.now() + warmUp
  do run()
  while (performance.now() < warm)
  return Array.from({ length: repeat }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
}

/**
 * Milliseconds of an image on one thread, the median; of several medians, one after the other, the smallest, because other work on the
 * machine slows some down. The time does not depend on the pixels.
 */
export const millisecondsOf = ({ scores }: Runner, { program: { image } }: PackedModel, medians = 1): number => {
  const one = new Float32Array(image.height * image.width * image.channels).fill(0.5)
  const median = (warmUp?: number): number =>
    timesOf(() => scores(one), timedRuns, warmUp).toSorted((a, b) => a - b)[timedRuns >> 1]!
  return Math.min(median(), ...Array.from({ length: medians - 1 }, () => median(0)))
}

/** `millisecondsOf` the packed network of a finished training; undefined if it cannot be packed. Errors of `readModel` and `openRunner`. */
export const speedOf = ({ directory }: TrainingRun): TE.TaskEither<CpnasError, number | undefined> =>
  pipe(
    readModel(pathsOf(trainingFiles, directory).best),
    TE.flatMap(model => {
      const packed = pack(model)
      return E.isLeft(packed)
        ? TE.right(undefined)
        : pipe(
            openRunner(packed.right),
            TE.map(runner => millisecondsOf(runner, packed.right)),
          )
    }),
  )
