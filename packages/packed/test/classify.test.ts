import { classify, normalize, softmax } from '@cpnas/packed'
import { assert, double, float32Array, property } from 'fast-check'
import { describe, expect, test } from 'vitest'

const metadata = { classes: ['cat', 'dog', 'cow'], normalization: { mean: [0.5, 0], std: [0.25, 2] } }

describe('normalize', () => {
  test('takes every byte by the mean and deviation of its channel', () => {
    // (255 / 255 - 0.5) / 0.25 = 2; (51 / 255 - 0) / 2 = 0.1; (0 - 0.5) / 0.25 = -2
    expect(normalize(metadata, Uint8Array.of(255, 51, 0, 0))).toEqual(Float32Array.of(2, 0.1, -2, 0))
    expect(normalize(metadata, Uint8ClampedArray.of(255, 51))).toEqual(Float32Array.of(2, 0.1))
  })

  test('refuses a part of a pixel', () => {
    expect(() => normalize(metadata, new Uint8Array(3))).toThrow(
      new RangeError('normalize: pixels of 2 channels cannot have 3 bytes in all'),
    )
  })
})

describe('softmax', () => {
  const scores = float32Array({ minLength: 1, maxLength: 9, noNaN: true, noDefaultInfinity: true })

  test('adds up to 1, for scores of any size', () => {
    assert(
      property(scores, of => {
        expect(softmax(of).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
      }),
    )
  })

  test('is the same for scores that are all as much larger', () => {
    const few = double({ min: -20, max: 20, noNaN: true })
    assert(
      property(few, few, few, (a, b, by) => {
        softmax([a, b]).forEach((share, i) => {
          expect(softmax([a + by, b + by])[i]).toBeCloseTo(share, 9)
        })
      }),
    )
  })

  test('of log 1, log 2 and log 5 it is an eighth, a quarter and five eighths', () => {
    softmax([0, Math.log(2), Math.log(5)]).forEach((share, i) => {
      expect(share).toBeCloseTo([1, 2, 5][i]! / 8, 12)
    })
  })
})

describe('classify', () => {
  test('gives the classes with their confidences, the likeliest first, of equal ones the first', () => {
    const seen: Float32Array[] = []
    const runner = {
      scores: (image: Float32Array) => {
        seen.push(image)
        return Float32Array.of(0, Math.log(2), 0)
      },
    }
    const found = classify(runner, metadata, Uint8Array.of(255, 51))
    expect(seen).toEqual([Float32Array.of(2, 0.1)])
    expect(found.map(({ label, index }) => [label, index])).toEqual([
      ['dog', 1],
      ['cat', 0],
      ['cow', 2],
    ])
    found.forEach(({ confidence }, i) => {
      expect(confidence).toBeCloseTo([0.5, 0.25, 0.25][i]!, 6)
    })
  })
})
