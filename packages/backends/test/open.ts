import type { CpnasError } from '@cpnas/core'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { describe, test } from 'vitest'

/** What opens, or undefined where the engine is not available here: then says so, with the engine's name. */
export const openIfThere = async <A>(open: TaskEither<CpnasError, A>): Promise<A | undefined> => {
  const opened = await open()
  if (!isLeft(opened)) return opened.right
  console.warn(`SKIPPED ${opened.left.where}: ${opened.left.problem}`)
  return undefined
}

/** Tests of what is open here. Without it the name is that of a skipped test: vitest calls the body of a skipped `describe`, and refuses a file without tests. */
export const describeIfThere = <A>(name: string, opened: A | undefined, tests: (opened: A) => void): void => {
  if (opened === undefined) test.skip(name)
  else describe(name, () => tests(opened))
}
