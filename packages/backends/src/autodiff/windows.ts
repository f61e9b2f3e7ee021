import type { Backend, ConvOptions } from '../backend.js'
import { convGeometry, depthwiseGeometry, type Geometry, outputShape, poolGeometry } from '../geometry.js'
import type { Kernels, Prologue } from '../kernels.js'
import { checkWindows } from './check.js'
import { addTo } from './gradient.js'
import { affineOf } from './normalization.js'
import type { Recorder } from './recorder.js'
import type { Tensor } from './tensor.js'

type Windows<H> = Pick<Backend<Tensor<H>>, 'conv2d' | 'depthwiseConv2d' | 'maxPool' | 'avgPool'>

/** A convolution's kernel and its two adjoints. */
interface Convolution<H> {
  readonly forward: Kernels<H>['conv2d']
  readonly inputGrad: Kernels<H>['conv2dInputGrad']
  readonly filterGrad: Kernels<H>['conv2dFilterGrad']
}

export const windows = <H>(recorder: Recorder<H>): Windows<H> => {
  const { kernels, record, give } = recorder

  const convolve = (
    name: string,
    { forward, inputGrad, filterGrad }: Convolution<H>,
    x: Tensor<H>,
    filters: Tensor<H>,
    g: Geometry,
    { normalization, activation = 'identity' }: ConvOptions<Tensor<H>>,
  ): Tensor<H> => {
    const affine = normalization && affineOf(name, recorder, x, normalization)
    const p: Prologue<H> =
      affine === undefined ? { activation } : { activation, affine: { scale: affine.scale, shift: affine.shift } }
    return record({
      name,
      handle: forward(x.handle, filters.handle, g, p),
      shape: outputShape(g),
      operands: [filters, ...(affine?.operands ?? [x])],
      saved: affine?.saved ?? [],
      backward: dy => {
        give(filters, into => addTo(kernels, into, filterGrad(dy, x.handle, g, p)))
        if (affine === undefined) give(x, into => inputGrad(dy, filters.handle, x.handle, g, p, into))
        else if (affine.receives()) {
          const dh = inputGrad(dy, filters.handle, x.handle, g, p)
          affine.backward(dh)
          kernels.free(dh)
        }
      },
    })
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

  const conv2d: Convolution<H> = {
    forward: kernels.conv2d,
    inputGrad: kernels.conv2dInputGrad,
    filterGrad: kernels.conv2dFilterGrad,
  }
  const depthwiseConv2d: Convolution<H> = {
    forward: kernels.depthwiseConv2d,
    inputGrad: kernels.depthwiseConv2dInputGrad,
    filterGrad: kernels.depthwiseConv2dFilterGrad,
  }

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
