import { allIndices, type Split, shuffle, split, subset } from '@cpnas/data'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const classNames = ['a', 'b', 'c', 'd', 'e']
const images = fc
  .array(fc.nat(4), { maxLength: 200 })
  .map(labels => ({ labels: Uint8Array.from(labels), classNames, count: labels.length }))
const share = fc.double({ min: 0, max: 1, noNaN: true })
const seed = fc.integer()
const ascending = (indices: Uint32Array) => indices.every((index, i) => i === 0 || indices[i - 1]! < index)

describe('split', () => {
  it('is a partition of the indices', () => {
    fc.assert(
      fc.property(images, share, seed, (dataset, share, seed) => {
        const { selected, rest } = split(dataset, share, seed)
        expect([...selected, ...rest].sort((a, b) => a - b)).toEqual([...allIndices(dataset)])
        expect(ascending(selected) && ascending(rest)).toBe(true)
      }),
    )
  })

  it('selects the share of all and, within one image, of every class', () => {
    fc.assert(
      fc.property(images, share, seed, (dataset, share, seed) => {
        const { selected } = split(dataset, share, seed)
        expect(selected.length).toBe(Math.round(share * dataset.count))
        for (const k of classNames.keys()) {
          const all = dataset.labels.filter(label => label === k).length
          const chosen = selected.filter(i => dataset.labels[i] === k).length
          expect(Math.abs(chosen - share * all)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('halves balanced data exactly', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 5)
    const { selected } = split({ labels, classNames, count: 100 }, 0.5, 1)
    expect(classNames.map((_, k) => selected.filter(i => labels[i] === k).length)).toEqual([10, 10, 10, 10, 10])
  })

  it('depends on the seed, and on nothing else', () => {
    const dataset = { labels: Uint8Array.from({ length: 100 }, (_, i) => i % 5), classNames, count: 100 }
    fc.assert(
      fc.property(seed, seed, (a, b) => {
        expect(split(dataset, 0.5, a)).toEqual(split(dataset, 0.5, a))
        if (a !== b && (a | 0) !== (b | 0)) expect(split(dataset, 0.5, a)).not.toEqual(split(dataset, 0.5, b))
      }),
    )
  })

  it('splits the given indices only', () => {
    const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 5)
    const some = Uint32Array.from({ length: 20 }, (_, i) => 2 * i)
    const { selected, rest }: Split = split({ labels, classNames, count: 40 }, 0.25, 3, some)
    expect(selected).toHaveLength(5)
    expect([...selected, ...rest].sort((a, b) => a - b)).toEqual([...some])
  })

  it.each([-0.1, 1.1, Number.NaN])('throws at the share %d', share => {
    expect(() => split({ labels: new Uint8Array(1), classNames, count: 1 }, share, 1)).toThrow(RangeError)
    expect(() => subset({ labels: new Uint8Array(1), classNames, count: 1 }, share, 1)).toThrow(/^subset: the share/)
  })
})

describe('subset', () => {
  it('is balanced, and another choice than that of split', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 5)
    const dataset = { labels, classNames, count: 100 }
    const chosen = subset(dataset, 0.3, 1)
    expect(classNames.map((_, k) => chosen.filter(i => labels[i] === k).length)).toEqual([6, 6, 6, 6, 6])
    expect(chosen).toEqual(subset(dataset, 0.3, 1))
    expect(chosen).not.toEqual(split(dataset, 0.3, 1).selected)
  })
})

describe('shuffle', () => {
  it('is a permutation, the same for the same seed and epoch', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1e6)), seed, fc.nat(600), (indices, seed, epoch) => {
        const shuffled = shuffle(indices, seed, epoch)
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...indices].sort((a, b) => a - b))
        expect(shuffled).toEqual(shuffle(indices, seed, epoch))
      }),
    )
  })

  it('gives every epoch its own order and leaves its input alone', () => {
    const indices = Uint32Array.from({ length: 50 }, (_, i) => i)
    const orders = Array.from({ length: 20 }, (_, epoch) => shuffle(indices, 1, epoch).join())
    expect(new Set([...orders, shuffle(indices, 2, 0).join()]).size).toBe(21)
    expect(indices).toEqual(Uint32Array.from({ length: 50 }, (_, i) => i))
  })

  it('gives all orders of three about equally often', () => {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 6000; seed++) {
      const order = shuffle([0, 1, 2], seed).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(150)
  })
})
