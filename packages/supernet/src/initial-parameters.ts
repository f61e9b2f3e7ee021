import { type Shape, sizeOf } from '@cpnas/backends'
import { generatorFor } from '@cpnas/core'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'

/** Starting values of the parameters that are not weights, by the last part of their names. */
const constants: Readonly<Record<string, number>> = { gamma: 1, beta: 0, bias: 0, slope: 0.25 }

/** How many products enter one output: kh * kw * cin of [kh, kw, cin, cout], kh * kw of [kh, kw, channels], the rows of a matrix. */
const fanIn = (shape: Shape): number => sizeOf(shape.slice(0, -1))

/**
 * Parameters to begin a training with. Weights are uniform in +-1/sqrt(fanIn), PyTorch's default (Kaiming uniform with
 * a = sqrt(5)); gamma 1, beta 0, bias 0, PReLU slopes 0.25. Not stated in the source. The values of a parameter depend on
 * its name, its shape and the seed (an integer) alone, so those of a supernet and of one of its networks agree.
 */
export const initialParameters = (
  shapes: Readonly<Record<string, Shape>>,
  seed: number,
): Readonly<Record<string, Float32Array>> =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, initialValues(name, shape, seed)]))

const initialValues = (name: string, shape: Shape, seed: number): Float32Array => {
  const constant = constants[name.slice(name.lastIndexOf('.') + 1)]
  if (constant !== undefined) return new Float32Array(sizeOf(shape)).fill(constant)
  const bound = 1 / Math.sqrt(fanIn(shape))
  const generator = generatorFor(seed, name)
  return Float32Array.from({ length: sizeOf(shape) }, () => (2 * uniformFloat64(generator) - 1) * bound)
}
