import { describe, expect, test } from 'vitest'
import { time } from '../src/timing.js'

/** Keeps the thread busy for so many milliseconds. */
const spin = (milliseconds: number): void => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe('time', () => {
  test('gives the milliseconds of one call of each, be it synchronous or not', async () => {
    const [short, long] = await time([() => spin(0.25), async () => spin(1)], 3, 4)
    expect(short).toBeGreaterThanOrEqual(0.25)
    expect(long).toBeGreaterThanOrEqual(1)
    expect(long! / short!).toBeGreaterThan(1)
  })
})
