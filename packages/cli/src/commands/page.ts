import { join } from 'node:path'
import { writeFileAtomic } from '@cpnas/core/files'
import { renderPage } from '@cpnas/export'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { packedOf } from '../packed-of.js'
import { layOut } from '../report/layout.js'
import { textOption } from '../values.js'
import { whichOptions } from '../which.js'
import { summaries } from './summaries.js'

const defaultOut = './cpnas-page'

const options = {
  title: textOption({ placeholder: 'text', description: 'heading of the page', default: 'Picture classifier' }),
  out: textOption({ placeholder: 'dir', description: 'directory of the page', default: defaultOut }),
  ...whichOptions,
} as const satisfies CommandOptions

/** `cpnas page`: a trained network as a page. */
export const pageCommand = command({
  name: 'page',
  summary: summaries.page,
  details: `Writes index.html into --out: one self-contained file that works from a disk or any server, offline, and sends nothing. Pictures are
chosen, dropped, pasted or taken by the camera.`,
  argument: { name: 'file|run', description: 'a packed file, a model file, or the directory of a training' },
  options,
  run: ({ title, out = defaultOut, ...given }, io, path) => {
    const file = join(out, 'index.html')
    return pipe(
      packedOf(path, given),
      TE.map(packed => renderPage(packed, title === undefined ? {} : { title })),
      TE.tap(page => writeFileAtomic(file, page)),
      TE.map(page => {
        io.out(
          layOut([`${file}: ${(Buffer.byteLength(page) / 1000).toFixed(1)} kB`, `Next: open ${file} in a browser`], io),
        )
        return { status: 'done' }
      }),
    )
  },
})
