import type { ConvGradients, Kernels, WantedGradients } from '../../kernels.js'
import type { Store, TfjsTensor } from '../tensor.js'
import type { Launcher } from './program.js'
import { statistics } from './statistics.js'

type Gradients = Kernels<TfjsTensor>['conv2dGrad']

/** The two gradients of a convolution; each frees nothing but what it makes and `into`. */
interface Parts {
  readonly input: (
    ...operands: [...Parameters<Gradients>, wanted: NonNullable<WantedGradients<TfjsTensor>['input']>]
  ) => TfjsTensor
  readonly filters: (...operands: Parameters<Gradients>) => TfjsTensor
}

/** Computes what is wanted. */
export const gradients = (launcher: Launcher, store: Store, { input, filters }: Parts): Gradients => {
  const { channelSums } = statistics(launcher, store)
  return (dy, w, x, g, p, wanted): ConvGradients<TfjsTensor> => {
    const dw = wanted.filters ? filters(dy, w, x, g, p, wanted) : undefined
    const dx = wanted.input && input(dy, w, x, g, p, wanted, wanted.input)
    const mean = wanted.input?.mean
    const sums = dx && mean && channelSums(dx, [{ x, mean }])
    return {
      ...(dx && { input: dx }),
      ...(dw && { filters: dw }),
      ...(sums && { sums: { dy: sums.dy, dyx: sums.dyx[0]! } }),
    }
  }
}
