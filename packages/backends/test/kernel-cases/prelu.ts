import { type Kernels, sizeOf } from '@cpnas/backends'
import fc from 'fast-check'
import { channels, data, dyadics, floats, seeds } from '../arbitraries.js'
import { absolute, describe, type KernelCase, onOperands, roundedCase } from './kernel-case.js'

/** Of every rank from a vector on, now and then large enough to be shared out; multiples of 1/8 so that 0 occurs. */
const operands = fc
  .record({
    outer: fc.oneof(
      { weight: 9, arbitrary: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom([2, 33, 33], [3001]) },
    ),
    channels,
    fill: fc.constantFrom(floats, dyadics),
    seed: seeds,
  })
  .map(({ outer, channels, fill, seed }) => {
    const shape = [...outer, channels]
    return {
      x: data(fill, shape, seed),
      slope: data(fill, [channels], seed + 1),
      dy: data(floats, shape, seed + 2),
      rows: sizeOf(outer),
      description: describe('', [shape], seed),
    }
  })

const prelu = operands.map(({ x, slope, description }) =>
  roundedCase(`prelu${description}`, [x, slope], 2, (k, x, slope) => [k.prelu(x!, slope!)]),
)

const preluGrad = operands.map(
  ({ x, slope, dy, rows, description }): KernelCase => ({
    name: `preluGrad${description}`,
    run: onOperands([dy, x, slope], (k, dy, x, slope) => {
      const gradients = k.preluGrad(dy!, x!, slope!)
      return [gradients.input, gradients.slope]
    }),
    // Every value as one below 0, and the gradient of those above it.
    magnitude: onOperands([dy, x, slope].map(absolute), <H>(k: Kernels<H>, dy?: H, x?: H, slope?: H) => {
      const below = k.unary('neg', x!)
      const gradients = k.preluGrad(dy!, below, slope!)
      const results = [k.linearCombination(1, gradients.input, 1, dy!), k.unary('neg', gradients.slope)]
      for (const handle of [below, gradients.input, gradients.slope]) k.free(handle)
      return results
    }),
    terms: rows + 2,
  }),
)

export const preluCases = { prelu, preluGrad }
