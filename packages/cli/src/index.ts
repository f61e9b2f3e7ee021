import { ablateCommand } from './commands/ablate.js'
import { backendsCommand } from './commands/backends.js'
import { benchCommand } from './commands/bench.js'
import { dataCommands } from './commands/data.js'
import { evalCommand } from './commands/eval.js'
import { exportCommand } from './commands/export.js'
import { reportCommand } from './commands/report.js'
import { searchCommand } from './commands/search.js'
import { showCommand } from './commands/show.js'
import { summaryCommand } from './commands/summary.js'
import { trainCommand } from './commands/train.js'
import { watchCommand } from './commands/watch.js'
import type { Io } from './io.js'
import { runProgram } from './program.js'
import { version } from './version.js'

export { drawCells } from './draw-cells.js'
export type { Io } from './io.js'

const description = {
  name: 'cpnas',
  summary:
    'CP-NAS: searches the architecture of 1-bit convolutional networks under the supervision of their full-precision twins',
  version,
}

/**
 * Runs a command line, without the program's name, e.g. `['search', '--preset', 'quick']`, and gives the exit code:
 * 0 done, 1 the device failed, 2 bad input (one message on `io.err`), 130 or 143 stopped by the signal. Whatever it throws is a bug.
 */
export const cpnas = (args: readonly string[], io: Io): Promise<number> =>
  runProgram(
    [
      searchCommand,
      trainCommand,
      ablateCommand,
      evalCommand,
      summaryCommand,
      exportCommand,
      benchCommand,
      reportCommand,
      watchCommand,
      showCommand,
      backendsCommand,
      dataCommands,
    ],
    description,
    args,
    io,
  )
