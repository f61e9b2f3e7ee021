import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Pickled, readPickle } from '../dist/pickle.js'
import { pickled } from './pickles.js'

describe('readPickle', () => {
  it('reads lists, numbers, strings and dictionaries', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))),
        record => {
          const file = pickled(Object.entries(record).map(([key, numbers]) => [key, { numbers }]))
          const read = readPickle(file)
          expect(read).toBeInstanceOf(Map)
          expect(Object.fromEntries(read as ReadonlyMap<string, Pickled>)).toEqual({ ...record })
        },
      ),
    )
  })

  it('says where bytes lie', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i)
    const file = pickled([['data', { bytes }]])
    const data = (readPickle(file) as ReadonlyMap<string, Pickled>).get('data') as { offset: number; bytes: Uint8Array }
    expect(data.bytes).toEqual(bytes)
    expect(file.subarray(data.offset, data.offset + 300)).toEqual(bytes)
  })

  it('reads the bytes of Python 3 in protocol 2, and numbers of any size', () => {
    // pickle.dumps([b'\xff\x00', 2 ** 40, -1, 1.5, None, True], 2)
    const file = Buffer.from(
      '80025d710028635f636f646563730a656e636f64650a71015803000000c3bf00710258060000006c6174696e3171038671045271058a06000000000001' +
        '4affffffff473ff80000000000004e88652e',
      'hex',
    )
    const [bytes, ...numbers] = readPickle(file) as readonly Pickled[]
    expect(bytes).toEqual({ bytes: Buffer.from([255, 0]), offset: undefined })
    expect(numbers).toEqual([2 ** 40, -1, 1.5, null, true])
  })

  it('refuses what is cut short or is none, whatever the bytes', () => {
    const whole = pickled([['labels', { numbers: [1, 2, 300] }]])
    fc.assert(
      fc.property(fc.nat(whole.length - 1), length => {
        expect(() => readPickle(whole.subarray(0, length))).toThrow(Error)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          readPickle(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
  })
})
