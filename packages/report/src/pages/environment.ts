import { machine } from '@cpnas/runs'
import type { Environment } from '../sections/environment.js'

/** The environment that a page is made in, now. `version` is that of cpnas. */
export const environmentNow = (version: string, now = new Date()): Environment => {
  const { cpnas, node, system, cpu, cores, memory } = machine(version)
  return [
    ['made', `${now.toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ['cpnas', cpnas],
    ['Node.js', node],
    ['system', system],
    ['CPU', `${cpu}, ${cores} threads available`],
    ['memory', `${(memory / 2 ** 30).toFixed(1)} GiB`],
  ]
}
