import type { Backend, ConvOptions } from '../backend.js'
import { convGeometry, depthwiseGeometry, type Geometry, outputShape, poolGeometry } from '../geometry.js'
import type { ConvGradients, Kernels, Prologue, WantedGradients } from '../kernels.js'
import { checkWindows } from './check.js'
import { addTo } from './gradient.js'
import { affineOf } from './normalization.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

type Windows<H> = Pick<Backend<Tensor<H>>, 'conv2d' | 'depthwiseConv2d' | 'maxPool' | 'avgPool'>

/** A convolution's kernel and its adjoint. */
interface Convolution<H> {
  readonly forward: Kernels<H>['conv2d']
  readonly grad: Kernels<H>['conv2dGrad']
}

export const windows = <H>(recorder: Recorder<H>): Windows<H> => {
  const { kernels, record, give, receives } = recorder

  const convolve = (
    name: string,
    { forward, grad }: Convolution<H>,
    x: Tensor<H>,
    filters: Tensor<H>,
    g: Geometry,
    { normalization, activation = 'identity' }: ConvOptions<Tensor<H>>,
  ): Tensor<H> => {
    const affine = normalization && affineOf(name, recorder, x, normalization)
    const p: Prologue<H> =
      affine === undefined ? { activation } : { activation, affine: { scale: affine.scale, shift: affine.shift } }
    const output = record({
      name,
      handle: forward(x.handle, filters.handle, g, p),
      shape: outputShape(g),
      operands: [filters, ...(affine?.operands ?? [x])],
      saved: affine?.saved ?? [],
      takesAffine: true,
      backward: (dy, through) => {
        const backward = (input: WantedGradients<H>['input'] | undefined): ConvGradients<H> =>
          grad(through === undefined ? { dy } : { dy, affine: through }, filters.handle, x.handle, g, p, {
            filters: receives(filters),
            ...(input && { input }),
          })
        const giveFilters = (gradient: H | undefined): void => {
          if (gradient !== undefined) give(filters, into => addTo(kernels, into, gradient))
        }
        if (affine?.receives()) {
          const gradients = backward({ mean: affine.needsSums() ? affine.mean : undefined })
          giveFilters(gradients.filters)
          affine.backward(gradients.input!, gradients.sums)
          kernels.free(gradients.input!)
        } else if (affine === undefined && receives(x)) {
          let filterGradient: H | undefined
          give(x, into => {
            const gradients = backward({ into })
            filterGradient = gradients.filters
            return gradients.input!
          })
          giveFilters(filterGradient)
        } else giveFilters(backward(undefined).filters)
      },
    })
    affine?.report()
    return output
  }

  const pool = (
    name: string,
    x: Tensor<H>,
    g: Geometry,
    forward: (g: Geometry) => H,
    gradient: (dy: H, into: H | undefined) => H,
  ): Tensor<H> => {
    checkWindows(name, g)
    return record({
      name,
      handle: forward(g),
      shape: outputShape(g),
      operands: [x],
      backward: dy => give(x, into => gradient(dy, into)),
    })
  }

  const conv2d: Convolution<H> = { forward: kernels.conv2d, grad: kernels.conv2dGrad }
  const depthwiseConv2d: Convolution<H> = { forward: kernels.depthwiseConv2d, grad: kernels.depthwiseConv2dGrad }

  return {
    conv2d: (x, filters, options = {}) =>
      convolve('conv2d', conv2d, x, filters, convGeometry(x.shape, filters.shape, options), options),
    depthwiseConv2d: (x, filters, options = {}) =>
      convolve(
        'depthwiseConv2d',
        depthwiseConv2d,
        x,
        filters,
        depthwiseGeometry(x.shape, filters.shape, options),
        options,
      ),
    maxPool: (x, size, options = {}) => {
      const g = poolGeometry('maxPool', x.shape, size, options)
      return pool(
        'maxPool',
        x,
        g,
        g => kernels.maxPool(x.handle, g),
        (dy, into) => kernels.maxPoolGrad(dy, x.handle, g, into),
      )
    },
    avgPool: (x, size, options = {}) => {
      const g = poolGeometry('avgPool', x.shape, size, options)
      return pool(
        'avgPool',
        x,
        g,
        g => kernels.avgPool(x.handle, g),
        (dy, into) => kernels.avgPoolGrad(dy, g, into),
      )
    },
  }
}
