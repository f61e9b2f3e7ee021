import { type CpnasError, cpnasError } from '@cpnas/core'
import { pack } from '@cpnas/export'
import { readModel } from '@cpnas/model'
import { createRunner, type PackedModel, type Runner } from '@cpnas/packed'
import { pathsOf, type Run, trainingFiles } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const warmUpMilliseconds = 200
const timedRuns = 50

/** Milliseconds of an image on one thread, the median. The time does not depend on the pixels. */
export const millisecondsOf = ({ scores }: Runner, { program: { image } }: PackedModel): number => {
  const one = new Float32Array(image.height * image.width * image.channels).fill(0.5)
  const warm = performance.now() + warmUpMilliseconds
  do scores(one)
  while (performance.now() < warm)
  const times = Array.from({ length: timedRuns }, () => {
    const start = performance.now()
    scores(one)
    return performance.now() - start
  })
  return times.sort((a, b) => a - b)[timedRuns >> 1]!
}

/** A packed network, ready to run. Error BackendUnavailable: WebAssembly has no SIMD here. */
export const openPacked = (packed: PackedModel): TE.TaskEither<CpnasError, Runner> =>
  TE.tryCatch(
    () => createRunner(packed),
    error =>
      cpnasError(
        'BackendUnavailable',
        'packed engine',
        `cannot be started (${(error as Error).message})`,
        'Use a Node whose WebAssembly has SIMD: 20.19 or newer',
      ),
  )

/** Milliseconds of an image, of the packed network of every finished training of a Child, by the name of the run. Errors of `readModel`. */
export const speedsOf = (runs: readonly Run[]): TE.TaskEither<CpnasError, Readonly<Record<string, number>>> =>
  pipe(
    runs.filter(run => run.kind === 'training' && run.evaluation !== undefined && run.packedBytes !== undefined),
    TE.traverseSeqArray(({ name, directory }) =>
      pipe(
        readModel(pathsOf(trainingFiles, directory).best),
        TE.flatMap(model => {
          const packed = pack(model)
          return E.isLeft(packed)
            ? TE.right([])
            : pipe(
                openPacked(packed.right),
                TE.map(runner => [[name, millisecondsOf(runner, packed.right)] as const]),
              )
        }),
      ),
    ),
    TE.map(found => Object.fromEntries(found.flat())),
  )
