import { describe, expect, test } from 'vitest'
import { makeStore } from '../../src/tfjs/tensor.js'

const setUp = () => {
  const disposed: object[] = []
  const store = makeStore({ backend: { disposeData: (id: object) => disposed.push(id) > 0 } as never })
  const buffer = (...shape: number[]) => ({ dataId: {}, shape, dtype: 'float32' as const })
  const make = (...shape: number[]) => store.make(buffer(...shape), shape)
  return { disposed, store, make }
}

describe('a buffer', () => {
  test('is disposed with the last of its tensors', () => {
    const { disposed, store, make } = setUp()
    const x = make(2, 3)
    const view = store.view(x, [3], 3)
    expect([store.exclusive(x), store.memory()]).toEqual([false, { tensors: 2, bytes: 24 }])
    store.free(x)
    expect(disposed).toEqual([])
    store.free(view)
    expect([disposed, store.memory()]).toEqual([[x.buffer.dataId], { tensors: 0, bytes: 0 }])
    expect(() => store.free(view)).toThrow('freed before')
  })
})

describe('what is derived of a tensor', () => {
  test('is made once, and given back with the tensor', () => {
    const { store, make } = setUp()
    const x = make(4, 2)
    let made = 0
    const sums = () => {
      const [sum] = store.derived(x, 'sum', () => {
        made += 1
        return [make(2)]
      })
      return sum!
    }
    const [first, second] = [sums(), sums()]
    expect(made).toBe(1)
    expect(second.buffer).toBe(first.buffer)
    for (const y of [first, second, x]) store.free(y)
    expect(store.memory()).toEqual({ tensors: 0, bytes: 0 })
  })

  test('is made anew under another name, of another part, and of values that were overwritten', () => {
    const { store, make } = setUp()
    const x = make(4, 2)
    const half = store.view(x, [2, 2], 4)
    const made: string[] = []
    const derive = (of: typeof x, key: string, label: string) =>
      store.derived(of, key, () => {
        made.push(label)
        return [make(2)]
      })[0]!
    const results = [derive(x, 'sum', 'a'), derive(x, 'mean', 'b'), derive(half, 'sum', 'c')]
    store.overwritten(x.buffer)
    results.push(derive(x, 'sum', 'd'), derive(x, 'sum', 'e'))
    expect(made).toEqual(['a', 'b', 'c', 'd'])
    for (const y of [...results, x, half]) store.free(y)
    expect(store.memory()).toEqual({ tensors: 0, bytes: 0 })
  })
})
