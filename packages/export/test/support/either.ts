import type { Either } from 'fp-ts/lib/Either.js'

/** What is right; a test fails with what is left. */
export const right = <E, A>(either: Either<E, A>): A => {
  if (either._tag === 'Left') throw new Error(String(either.left))
  return either.right
}
