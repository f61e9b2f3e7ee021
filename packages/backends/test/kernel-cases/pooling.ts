import { outputShape, poolGeometry } from '@cpnas/backends'
import fc from 'fast-check'
import { channels, data, dyadics, floats, poolWindows, seeds } from '../arbitraries.js'
import { absolute, describe, type KernelCase, linearCase, onOperands, roundedCase } from './kernel-case.js'

/** Multiples of 1/8, so that windows have ties. */
const operands = fc
  .record({ window: poolWindows(channels), withInto: fc.boolean(), exact: fc.boolean(), seed: seeds })
  .map(({ window: { shape, kernel, options }, withInto, exact, seed }) => {
    const g = poolGeometry('pool', shape, kernel[0], options)
    const fill = exact ? dyadics : floats
    return {
      x: data(fill, shape, seed),
      dy: data(fill, outputShape(g), seed + 1),
      into: withInto ? [data(fill, shape, seed + 2)] : [],
      g,
      terms: kernel[0] * kernel[0] + 2,
      description: describe('', [shape], kernel[0], options, { into: withInto }, seed),
    }
  })

const maxPool = operands.map(({ x, g, description }) =>
  roundedCase(`maxPool${description}`, [x], 0, (k, x) => [k.maxPool(x!, g)]),
)

const maxPoolGrad = operands.map(
  ({ x, dy, into, g, terms, description }): KernelCase => ({
    name: `maxPoolGrad${description}`,
    run: onOperands([x, dy, ...into], (k, x, dy, sum) => [k.maxPoolGrad(dy!, x!, g, sum)], into.length),
    magnitude: onOperands(
      [x, absolute(dy), ...into.map(absolute)],
      (k, x, dy, sum) => [k.maxPoolGrad(dy!, x!, g, sum)],
      into.length,
    ),
    terms,
  }),
)

const avgPool = operands.map(({ x, g, terms, description }) =>
  linearCase(`avgPool${description}`, [x], terms, (k, x) => [k.avgPool(x!, g)]),
)

const avgPoolGrad = operands.map(({ dy, into, g, terms, description }) =>
  linearCase(
    `avgPoolGrad${description}`,
    [dy, ...into],
    terms,
    (k, dy, sum) => [k.avgPoolGrad(dy!, g, sum)],
    into.length,
  ),
)

export const poolingCases = { maxPool, maxPoolGrad, avgPool, avgPoolGrad }
