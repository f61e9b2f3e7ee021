import type { Genotype, Space } from '@cpnas/supernet'
import type { LazyCommand } from './command.js'
import { summaries } from './commands/summaries.js'
import type { Io } from './io.js'
import { runProgram } from './program.js'
import { version } from './version.js'

export type { Io } from './io.js'

const description = {
  name: 'cpnas',
  summary:
    'CP-NAS: searches the architecture of 1-bit convolutional networks under the supervision of their full-precision twins',
  version,
}

const loaders = {
  create: async () => (await import('./commands/create.js')).createCommand,
  search: async () => (await import('./commands/search.js')).searchCommand,
  train: async () => (await import('./commands/train.js')).trainCommand,
  ablate: async () => (await import('./commands/ablate.js')).ablateCommand,
  table: async () => (await import('./commands/table.js')).tableCommands,
  compare: async () => (await import('./commands/compare.js')).compareCommand,
  eval: async () => (await import('./commands/eval.js')).evalCommand,
  predict: async () => (await import('./commands/predict.js')).predictCommand,
  summary: async () => (await import('./commands/summary.js')).summaryCommand,
  export: async () => (await import('./commands/export.js')).exportCommand,
  bench: async () => (await import('./commands/bench.js')).benchCommand,
  page: async () => (await import('./commands/page.js')).pageCommand,
  report: async () => (await import('./commands/report.js')).reportCommand,
  watch: async () => (await import('./commands/watch.js')).watchCommand,
  worker: async () => (await import('./commands/worker.js')).workerCommand,
  queue: async () => (await import('./commands/queue.js')).queueCommands,
  show: async () => (await import('./commands/show.js')).showCommand,
  backends: async () => (await import('./commands/backends.js')).backendsCommand,
  data: async () => (await import('./commands/data.js')).dataCommands,
  completion: async () => (await import('./commands/completion.js')).completionCommand(commands),
} as const satisfies Record<keyof typeof summaries, LazyCommand['load']>

const commands: readonly LazyCommand[] = Object.entries(summaries).map(([name, summary]) => ({
  name,
  summary,
  load: loaders[name as keyof typeof summaries],
}))

/**
 * Runs a command line, given without the program's name, e.g. `['search', '--preset', 'quick']`; an empty one says which runs are in the
 * working directory and what can be done. Gives the exit code: 0 done, 1 the device failed, 2 bad input (one message on `io.err`), 130 or 143 stopped by the signal. Whatever it throws is a bug.
 */
export const cpnas = async (args: readonly string[], io: Io): Promise<number> => {
  if (args.length > 0) return runProgram(commands, description, args, io)
  const { describeHere } = await import('./here.js')
  await describeHere(io)
  return 0
}

/** `drawCells` of @cpnas/report, whose libraries for plots and graphs take a while to load: only when it is called. */
export const drawCells = async (genotype: Genotype, space?: Space): Promise<string> =>
  (await import('@cpnas/report')).drawCells(genotype, space)
