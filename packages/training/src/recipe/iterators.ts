/** The next batches of an iterator, at most so many; the iterator stays open. */
export async function* take<A>(iterator: Iterator<A> | AsyncIterator<A>, count: number): AsyncGenerator<A> {
  for (let taken = 0; taken < count; taken++) {
    const next = await iterator.next()
    if (next.done) return
    yield next.value
  }
}

export const iteratorOf = <A>(source: Iterable<A> | AsyncIterable<A>): Iterator<A> | AsyncIterator<A> =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
