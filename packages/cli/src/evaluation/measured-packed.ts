import type { FoundPacked } from '@cpnas/experiments'
import { withPool } from '../packed-engine.js'
import { packedEngineWords } from '../report/packed-words.js'
import type { Measured } from './measured.js'

/** A packed network, run by its own engine. Default of `threads`: the cores of the machine. */
export const measuredPacked = (
  { path, packed }: FoundPacked,
  { threads }: { readonly threads?: number | undefined },
): Measured => {
  const { metadata, program } = packed
  return {
    classNames: metadata.classes,
    image: program.image,
    path,
    title: `a packed network of ${program.steps.length} steps`,
    normalization: metadata.normalization,
    trainedOn: metadata.trainedOn,
    withEvaluator: use =>
      withPool(
        packed,
        threads === undefined ? {} : { threads },
      )(({ choice, threads, scores }) =>
        use({
          engine: packedEngineWords(choice, threads),
          scores: (values, [count]) => scores(Float32Array.from(values), count),
        }),
      ),
  }
}
