import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Identifies a process among all others, including those of other machines and containers and later ones with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** Where its number is valid: on Linux the boot and the pid name space, elsewhere the machine's name. Undefined: not known. */
  readonly place: string | undefined
  /** When it started, in the system's own units. Undefined where the system does not say. */
  readonly started: string | undefined
}

const placeHere = (): string | undefined => {
  if (process.platform !== 'linux') return hostname()
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}

/**
 * Clock ticks from the boot to the start of a process (proc(5), field 22 of stat; the name before it may hold anything). Undefined for one
 * that has ended and that its parent has not asked about: it works no more, and where nothing reaps it, it stays for ever.
 */
const startOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** This process. */
export const thisProcess = (): ProcessIdentity => ({
  pid: process.pid,
  place: placeHere(),
  started: startOf(process.pid),
})

const hasProcess = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether that very process runs here now; undefined if it is of another place, where it cannot be looked for. */
export const isSameProcess = ({ pid, place, started }: ProcessIdentity): boolean | undefined => {
  if (place === undefined || place !== placeHere()) return undefined
  return hasProcess(pid) && (started === undefined || startOf(pid) === started)
}
