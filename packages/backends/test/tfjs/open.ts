import type { CpnasError } from '@cpnas/core'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** What opens, or undefined where the engine is not available here: then says so, with the engine's name. */
export const openIfThere = async <A>(open: TaskEither<CpnasError, A>): Promise<A | undefined> => {
  const opened = await open()
  if (!isLeft(opened)) return opened.right
  console.warn(`SKIPPED ${opened.left.where}: ${opened.left.problem}`)
  return undefined
}
