import { allIndices, embedded, inMemory, type RecordDataset } from '@cpnas/data'
import fc from 'fast-check'
import { expect, it } from 'vitest'

it('has the images and facts of the set that it is made of, and needs it no more', async () => {
  const opened = await embedded()()
  if (opened._tag === 'Left') throw new Error(opened.left.problem)
  const { test, train } = opened.right
  const set = test as RecordDataset
  const size = set.height * set.width * set.channels
  const all = new Uint8Array(set.count * size)
  set.read(allIndices(set), all)
  const copy = inMemory(set) as RecordDataset
  train.close()
  test.close()
  const { read: _, close: __, ...facts } = copy
  expect(facts).toMatchObject({ name: set.name, count: set.count, labels: set.labels, statistics: set.statistics })
  fc.assert(
    fc.property(fc.array(fc.nat(set.count - 1), { minLength: 1, maxLength: 5 }), indices => {
      const into = new Uint8Array(indices.length * size)
      copy.read(indices, into)
      for (const [i, index] of indices.entries())
        expect(into.subarray(i * size, (i + 1) * size)).toEqual(all.subarray(index * size, (index + 1) * size))
    }),
    { numRuns: 20 },
  )
  expect(() => copy.read([set.count], new Uint8Array(size))).toThrow(RangeError)
})
