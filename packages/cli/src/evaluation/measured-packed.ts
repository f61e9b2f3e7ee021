import { evaluateScores } from '@cpnas/model'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { openRunner } from '../packed-engine.js'
import type { FoundPacked } from '../packed-source.js'
import { packedEngineWords } from '../report/packed-words.js'
import type { Measured } from './measured.js'

/** A packed network, run by its own engine. */
export const measuredPacked = ({ path, packed }: FoundPacked): Measured => {
  const { metadata, program } = packed
  const network = { classNames: metadata.classes, image: program.image }
  return {
    ...network,
    path,
    title: `a packed network of ${program.steps.length} steps`,
    normalization: metadata.normalization,
    run: undefined,
    withEvaluator: use =>
      pipe(
        openRunner(packed),
        TE.flatMap(({ choice, scores }) =>
          use({
            engine: packedEngineWords(choice),
            evaluate: (images, options) =>
              evaluateScores(
                network,
                async (values, [count]) => scores(Float32Array.from(values), count),
                images,
                options,
              ),
          }),
        ),
      ),
  }
}
