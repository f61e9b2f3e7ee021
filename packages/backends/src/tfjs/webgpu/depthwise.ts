import { inputShape, outputShape } from '../../geometry.js'
import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { loopProgram, sumColumns } from './column-sums.js'
import { type Fragment, makeRunner } from './fragment.js'
import { gradients } from './gradients.js'
import type { Launcher } from './program.js'
import { reshaped } from './reshaped.js'
import { eachElement, elements, geometry, giveInputGradient, outputGradient, prologue } from './windows.js'

const forward: Fragment = eachElement(
  'depthwise',
  'outWidth',
  'outHeight',
  `
  let corner = vec2<i32>(pixel.x, pixel.y) * uniforms.stride - vec2<i32>(uniforms.padTop, uniforms.padLeft);
  var sum = 0.0;
  for (var ky = 0; ky < uniforms.kernelHeight; ky++) {
    let y = corner.x + ky * uniforms.dilation;
    if (y < 0 || y >= uniforms.inHeight) { continue; }
    for (var kx = 0; kx < uniforms.kernelWidth; kx++) {
      let column = corner.y + kx * uniforms.dilation;
      if (column < 0 || column >= uniforms.inWidth) { continue; }
      let value = x[uniforms.xAt + ((pixel.z * uniforms.inHeight + y) * uniforms.inWidth + column) * uniforms.inChannels + channel];
      let weight = w[uniforms.wAt + (ky * uniforms.kernelWidth + kx) * uniforms.inChannels + channel];
      sum += entering(value, channel) * weight;
    }
  }
  result[i] = sum;`,
)

const adjoint: Fragment = eachElement(
  'depthwise adjoint',
  'inWidth',
  'inHeight',
  `
  let corner = vec2<i32>(pixel.x, pixel.y) + vec2<i32>(uniforms.padTop, uniforms.padLeft);
  var sum = 0.0;
  for (var ky = 0; ky < uniforms.kernelHeight; ky++) {
    let down = corner.x - ky * uniforms.dilation;
    let y = down / uniforms.stride;
    if (down < 0 || y >= uniforms.outHeight || y * uniforms.stride != down) { continue; }
    for (var kx = 0; kx < uniforms.kernelWidth; kx++) {
      let along = corner.y - kx * uniforms.dilation;
      let column = along / uniforms.stride;
      if (along < 0 || column >= uniforms.outWidth || column * uniforms.stride != along) { continue; }
      let at = ((pixel.z * uniforms.outHeight + y) * uniforms.outWidth + column) * uniforms.inChannels + channel;
      let weight = w[uniforms.wAt + (ky * uniforms.kernelWidth + kx) * uniforms.inChannels + channel];
      sum += gradient(at, channel) * weight;
    }
  }
  give(i, channel, sum);`,
)

/** A column is a tap and a channel, a row an output pixel. Invocations step through the pixels without dividing. */
const filterSums = loopProgram(
  'depthwise filters',
  `
    let tap = column / uniforms.inChannels;
    let channel = column - tap * uniforms.inChannels;
    let ky = tap / uniforms.kernelWidth;
    let kx = tap - ky * uniforms.kernelWidth;
    let top = ky * uniforms.dilation - uniforms.padTop;
    let left = kx * uniforms.dilation - uniforms.padLeft;
    var lines = begin / uniforms.outWidth;
    var across = begin - lines * uniforms.outWidth;
    var image = lines / uniforms.outHeight;
    var down = lines - image * uniforms.outHeight;
    for (var row = begin; row < end; row += lanes) {
      let iy = down * uniforms.stride + top;
      let ix = across * uniforms.stride + left;
      if (iy >= 0 && iy < uniforms.inHeight && ix >= 0 && ix < uniforms.inWidth) {
        let value = x[uniforms.xAt + ((image * uniforms.inHeight + iy) * uniforms.inWidth + ix) * uniforms.inChannels + channel];
        sum += entering(value, channel) * gradient(row * uniforms.inChannels + channel, channel);
      }
      across += lanes;
      while (across >= uniforms.outWidth) {
        across -= uniforms.outWidth;
        down++;
        if (down == uniforms.outHeight) { down = 0; image++; }
      }
    }
  `,
)

export const depthwise = (
  launcher: Launcher,
  store: Store,
): Pick<Kernels<TfjsTensor>, 'depthwiseConv2d' | 'depthwiseConv2dGrad'> => {
  const run = makeRunner(launcher, store)
  return {
    depthwiseConv2d: (x, w, g, p) => {
      const shape = outputShape(g)
      return run.fresh(
        elements(sizeOf(shape), [geometry(g), prologue(p), { key: '', inputs: { x, w } }, forward]),
        shape,
      )
    },
    depthwiseConv2dGrad: gradients(launcher, store, {
      input: (dy, w, x, g, p, _, { into }) =>
        giveInputGradient(run, store, { g, x, p, into }, giving =>
          elements(sizeOf(inputShape(g)), [
            geometry(g),
            outputGradient(dy),
            { key: '', inputs: { w } },
            ...giving,
            adjoint,
          ]),
        ),
      filters: (dy, _, x, g, p) => {
        const columns = g.kernelHeight * g.kernelWidth * g.inChannels
        const rows = g.batch * g.outHeight * g.outWidth
        const fragments = [geometry(g), prologue(p), outputGradient(dy), { key: '', inputs: { x } }]
        const dw = sumColumns(run, store.free, { rows, columns, values: 1, fragments, program: filterSums })
        return reshaped(store, dw, [g.kernelHeight, g.kernelWidth, g.inChannels])
      },
    }),
  }
}
