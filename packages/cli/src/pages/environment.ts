import { availableParallelism, cpus, totalmem } from 'node:os'
import type { Environment } from '@cpnas/report'

/** What a page is made with, here and now. */
export const environmentNow = (version: string, now = new Date()): Environment => [
  ['made', `${now.toISOString().slice(0, 19).replace('T', ' ')} UTC`],
  ['cpnas', version],
  ['Node.js', process.versions.node],
  ['system', `${process.platform} ${process.arch}`],
  ['CPU', `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads available`],
  ['memory', `${(totalmem() / 2 ** 30).toFixed(1)} GiB`],
]
