import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ValueOption } from './command.js'

type Described = Pick<ValueOption<unknown>, 'placeholder' | 'description' | 'default' | 'group'>

/** Any text but the empty one. */
export const textOption = (described: Described): ValueOption<string> => ({
  kind: 'value',
  ...described,
  parse: text => (text === '' ? E.left(`a ${described.placeholder}`) : E.right(text)),
})

/** One of a few words. */
export const wordOption = <const W extends string>(words: readonly W[], described: Described): ValueOption<W> => ({
  kind: 'value',
  ...described,
  parse: text => {
    const word = words.find(one => one === text)
    return word === undefined ? E.left(`one of ${words.join(', ')}`) : E.right(word)
  },
})

/** An integer of at least 1. */
export const countOption = (described: Omit<Described, 'placeholder'>): ValueOption<number> => ({
  kind: 'value',
  placeholder: 'n',
  ...described,
  parse: text => {
    const value = Number(text)
    return Number.isSafeInteger(value) && value >= 1 ? E.right(value) : E.left('an integer of at least 1')
  },
})

/** Values with commas between them. */
export const listOption = <A>(
  described: Omit<ValueOption<readonly A[]>, 'kind' | 'parse'>,
  parse: (text: string) => E.Either<string, A>,
): ValueOption<readonly A[]> => ({
  kind: 'value',
  ...described,
  parse: text => pipe(text.split(','), E.traverseArray(parse)),
})

/** Names with commas between them. */
export const namesOption = (described: Pick<Described, 'description' | 'default'>): ValueOption<readonly string[]> =>
  listOption({ placeholder: 'a,b,...', ...described }, E.right)
