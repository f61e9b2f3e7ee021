import { totalmem } from 'node:os'

/** Bytes of memory that this process may have: those of the machine, or of its container. */
export const availableMemory = (): number => {
  const limit = process.constrainedMemory?.() ?? 0
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
