import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** Runs all tasks at the same time: all values in their order, or the first error as soon as it is there, whatever else still runs. */
export const allOrFirstError =
  <L, A>(tasks: readonly TaskEither<L, A>[]): TaskEither<L, readonly A[]> =>
  () => {
    const results = tasks.map(task => task())
    const error = new Promise<E.Either<L, never>>((resolve, reject) => {
      for (const result of results)
        result.then(either => {
          if (E.isLeft(either)) resolve(either)
        }, reject)
    })
    return Promise.race([error, Promise.all(results).then(E.sequenceArray)])
  }
