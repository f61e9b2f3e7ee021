import { type Kernels, type ScaleGroup, sizeOf } from '@cpnas/backends'
import fc from 'fast-check'
import { channels, data, dyadics, floats, seeds } from '../arbitraries.js'
import { absolute, describe, type KernelCase, linearCase, onOperands } from './kernel-case.js'

/** Filters of every rank from a vector on; multiples of 1/8 so that 0 and the estimators' kinks at 1 occur. */
const filters = fc
  .record({
    outer: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
    channels,
    group: fc.constantFrom<ScaleGroup>('channel', 'layer'),
    fill: fc.constantFrom(floats, dyadics),
    seed: seeds,
  })
  .map(({ outer, channels, group, fill, seed }) => {
    const shape = [...outer, channels]
    return {
      x: data(fill, shape, seed),
      dy: data(floats, shape, seed + 1),
      group,
      terms: (group === 'layer' ? sizeOf(shape) : sizeOf(shape) / channels) + 2,
      description: describe('', [shape], group, seed),
    }
  })

const scaledSign = filters.map(({ x, group, terms, description }) =>
  linearCase(`scaledSign${description}`, [x], terms, (k, x) => [k.scaledSign(x!, group)]),
)

const scaledSignGrad = fc.tuple(filters, fc.constantFrom('sign' as const, 'sign-polynomial' as const)).map(
  ([{ x, dy, group, terms, description }, activation]): KernelCase => ({
    name: `scaledSignGrad${description} ${activation}`,
    run: onOperands([x, dy], (k, x, dy) => [k.scaledSignGrad(dy!, x!, group, activation)]),
    magnitude: onOperands([absolute(x), absolute(dy)], <H>(k: Kernels<H>, x?: H, dy?: H) => {
      const scale = k.scaledSign(x!, group)
      const toScale = k.scaledSign(dy!, group)
      const products = k.binary('mul', scale, dy!)
      const sum = k.linearCombination(2, products, 1, toScale)
      for (const handle of [scale, toScale, products]) k.free(handle)
      return [sum]
    }),
    terms,
  }),
)

export const scaledSignCases = { scaledSign, scaledSignGrad }
