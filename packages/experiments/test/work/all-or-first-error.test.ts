import { setImmediate } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { allOrFirstError } from '../../src/work/all-or-first-error.js'

const never = () => new Promise<E.Either<string, number>>(() => {})
/** Gives its result after so many turns of the event loop. */
const after = (turns: number, result: E.Either<string, number>) => async () => {
  for (let i = 0; i < turns; i++) await setImmediate()
  return result
}

test('all values come in the order of their tasks', async () => {
  expect(await allOrFirstError([after(20, E.right(1)), after(0, E.right(2))])()).toEqual(E.right([1, 2]))
  expect(await allOrFirstError([])()).toEqual(E.right([]))
})

test('the first error does not wait for those that are not finished', async () => {
  const tasks = [never, after(20, E.left('second')), after(0, E.left('first')), after(0, E.right(1))]
  expect(await allOrFirstError(tasks)()).toEqual(E.left('first'))
})

test('what is thrown is thrown', async () => {
  const thrown = () => Promise.reject(new Error('a fault'))
  await expect(allOrFirstError([never, thrown])()).rejects.toThrow('a fault')
})
