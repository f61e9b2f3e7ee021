import { availableParallelism, cpus, totalmem } from 'node:os'
import type { StartEntry } from './journal-entries.js'

/** The machine that this process runs on. */
export const machine = (
  version: string,
): Pick<StartEntry, 'cpnas' | 'node' | 'system' | 'cpu' | 'cores' | 'memory'> => ({
  cpnas: version,
  node: process.versions.node,
  system: `${process.platform} ${process.arch}`,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memory: totalmem(),
})
