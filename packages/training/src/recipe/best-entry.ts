import type { EpochEntry } from './types.js'

/**
 * The epoch whose network is kept as the best of the last stage; the last epoch where there is no validation. Undefined before the first epoch.
 */
export const bestEntry = (history: readonly EpochEntry[]): EpochEntry | undefined => {
  const last = history.at(-1)
  return history.findLast(({ best, stage }) => best && stage === last?.stage) ?? last
}
