import { DeviceError } from '@cpnas/backends'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Heap, type Storage } from '../../dist/wasm/heap.js'

/** Sizes to allocate, and which of the live storages to release after each. */
const histories = fc.array(
  fc.record({ bytes: fc.integer({ min: 0, max: 400_000 }), release: fc.option(fc.nat(), { nil: undefined }) }),
  { minLength: 1, maxLength: 60 },
)

test('live storages never overlap, and their bytes are counted', () => {
  const heap = new Heap()
  fc.assert(
    fc.property(histories, history => {
      const live: Storage[] = []
      for (const { bytes, release } of history) {
        live.push(heap.allocate(bytes))
        if (release !== undefined) heap.release(live.splice(release % live.length, 1)[0]!)
        const sorted = live.toSorted((a, b) => a.address - b.address)
        sorted.slice(1).forEach((storage, i) => {
          expect(storage.address).toBeGreaterThanOrEqual(sorted[i]!.address + sorted[i]!.bytes)
        })
        expect(heap.live).toBe(live.reduce((sum, storage) => sum + storage.bytes, 0))
      }
      for (const storage of live) heap.release(storage)
      expect(heap.live).toBe(0)
    }),
  )
})

test('the same allocations again need no more memory', () => {
  const heap = new Heap()
  const step = () => {
    const storages = [5e6, 100, 3e6, 64, 2e6, 1e6].map(bytes => heap.allocate(bytes))
    for (const i of [3, 0, 5, 1, 4, 2]) heap.release(storages[i]!)
  }
  step()
  const size = heap.memory.buffer.byteLength
  for (let i = 0; i < 100; i++) step()
  expect(heap.memory.buffer.byteLength).toBe(size)
})

test('a storage is given back when its last holder lets go, and not twice', () => {
  const heap = new Heap()
  const storage = heap.allocate(1000)
  storage.references++
  heap.release(storage)
  expect(heap.live).toBe(storage.bytes)
  heap.release(storage)
  expect(heap.live).toBe(0)
  expect(() => heap.release(storage)).toThrow('freed twice')
})

test('says what to do when the memory is full', () => {
  expect(() => new Heap().allocate(2 ** 32)).toThrow(DeviceError)
  const heap = new Heap(4096)
  heap.allocate(2 ** 27)
  expect(() => heap.allocate(2 ** 27)).toThrow(
    'wasm: the tensors do not fit its memory of 256 MiB. Use a smaller batch, image or network.',
  )
})

test('halves what cannot be reserved, and says what to do when not even the least can', () => {
  // Four times what WebAssembly can address.
  const heap = new Heap(2 ** 18)
  heap.release(heap.allocate(2 ** 20))
  expect(() => new Heap(-1)).toThrow('of address space cannot be reserved')
})
