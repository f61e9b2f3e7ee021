import { clipLatent } from '@cpnas/binarize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend, filters, read, tensor } from './support.js'

test('clips to [-1, 1], leaves the rest alone', async () => {
  await fc.assert(
    fc.asyncProperty(filters, async data => {
      const clipped = clipLatent(backend, tensor(data))
      expect(await read(clipped)).toEqual(data.values.map(x => Math.max(-1, Math.min(1, x))))
      expect(backend.shape(clipped)).toEqual(data.shape)
    }),
  )
})
