import { type Geometry, inputShape } from '../../geometry.js'
import type { ConvGradients, Kernels, WantedGradients } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { sumProgram } from './column-reduction.js'
import { sumColumns } from './column-sums.js'
import type { Runner } from './fragment.js'

const centered = sumProgram(
  'dy, dyx',
  [],
  ['value', 'value * (x[uniforms.xAt + i] - mean(column))'],
  'let value = dy[uniforms.dyAt + i];',
)

/** sum(dy) and sum(dy * (x - mean)) per channel. */
const channelSums = (
  run: Runner,
  store: Store,
  dy: TfjsTensor,
  x: TfjsTensor,
  mean: TfjsTensor,
  g: Geometry,
): { readonly dy: TfjsTensor; readonly dyx: TfjsTensor } => {
  const columns = g.inChannels
  const rows = sizeOf(inputShape(g)) / columns
  const sums = sumColumns(run, store.free, {
    rows,
    columns,
    values: 2,
    fragments: [{ key: '', inputs: { dy, x }, vectors: { mean } }],
    program: centered,
  })
  const both = { dy: store.view(sums, [columns], sums.offset), dyx: store.view(sums, [columns], sums.offset + columns) }
  store.free(sums)
  return both
}

type Gradients = Kernels<TfjsTensor>['conv2dGrad']

/** The two gradients of a convolution; each frees nothing but what it makes and `into`. */
interface Parts {
  readonly input: (
    ...operands: [...Parameters<Gradients>, wanted: NonNullable<WantedGradients<TfjsTensor>['input']>]
  ) => TfjsTensor
  readonly filters: (...operands: Parameters<Gradients>) => TfjsTensor
}

/** Computes what is wanted. */
export const gradients =
  (run: Runner, store: Store, { input, filters }: Parts): Gradients =>
  (dy, w, x, g, p, wanted): ConvGradients<TfjsTensor> => {
    const dw = wanted.filters ? filters(dy, w, x, g, p, wanted) : undefined
    const dx = wanted.input && input(dy, w, x, g, p, wanted, wanted.input)
    const mean = wanted.input?.mean
    const sums = dx && mean && channelSums(run, store, dx, x, mean, g)
    return { ...(dx && { input: dx }), ...(dw && { filters: dw }), ...(sums && { sums }) }
  }
