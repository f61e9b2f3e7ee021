import type { CpnasError } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { type Genotype, printGenotype, type Space } from '@cpnas/supernet'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { drawCells } from './draw-cells.js'

/** Writes a genotype and its picture. */
export const writeGenotype = (
  paths: { readonly genotype: string; readonly cells: string },
  genotype: Genotype,
  space: Space,
): TE.TaskEither<CpnasError, void> =>
  pipe(
    writeFileAtomic(paths.genotype, printGenotype(genotype, space)),
    TE.flatMap(() => TE.fromTask(() => drawCells(genotype, space))),
    TE.flatMap(svg => writeFileAtomic(paths.cells, svg)),
  )
