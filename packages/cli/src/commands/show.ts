import { writeFileAtomic } from '@cpnas/core/files'
import { defaultSize, drawCells, networkSizes, readGenotype } from '@cpnas/experiments'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { command } from '../command.js'
import { shellWord } from '../report/amounts.js'
import { layOut } from '../report/layout.js'
import { genotypeTable, sizeLines } from '../report/summary.js'
import { countOption, textOption } from '../values.js'
import { summaries } from './summaries.js'

/** `cpnas show`: a genotype file as a table, its size as Child and Parent, and its picture. */
export const showCommand = command({
  name: 'show',
  summary: summaries.show,
  argument: { name: 'file', description: 'a genotype.json' },
  options: {
    svg: textOption({ placeholder: 'file', description: 'draw both cells into this file' }),
    cells: countOption({ description: 'cells of the network', default: String(defaultSize.cells) }),
    channels: countOption({ description: 'channels of the first cell', default: String(defaultSize.channels) }),
    inChannels: countOption({ description: 'channels of the images', default: String(defaultSize.inChannels) }),
    classes: countOption({ description: 'classes', default: String(defaultSize.classes) }),
  },
  run: ({ svg, ...size }, io, path) =>
    pipe(
      readGenotype(path),
      TE.chainFirst(({ space, genotype }) =>
        svg === undefined
          ? TE.right(undefined)
          : pipe(
              TE.fromTask(() => drawCells(genotype, space)),
              TE.flatMap(picture => writeFileAtomic(svg, picture)),
            ),
      ),
      TE.map(({ space, genotype }) => {
        const { child, parent } = networkSizes({ space, ...defaultSize, ...size }, genotype)
        io.out(
          layOut(
            [
              genotypeTable(genotype, space),
              sizeLines(child, parent),
              `Next: cpnas train --genotype ${shellWord(path)}`,
            ],
            io,
          ),
        )
        return { status: 'done' }
      }),
    ),
})
