import { inputShape, outputShape } from '../../geometry.js'
import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { columnProgram } from './column-reduction.js'
import { sumColumns } from './column-sums.js'
import { type Fragment, makeRunner } from './fragment.js'
import { gradients } from './gradients.js'
import { family, type Launcher } from './program.js'
import { reshaped } from './reshaped.js'
import { THREADS, times } from './wgsl.js'
import {
  eachElement,
  eachTap,
  eachWindow,
  elements,
  geometry,
  giveInputGradient,
  outputGradient,
  prologue,
  windowSides,
} from './windows.js'

/** WGSL: the weight of a tap. */
const weight = (ky: string, kx: string): string =>
  `w[uniforms.wAt + (${ky} * kernelWidth() + ${kx}) * uniforms.inChannels + channel]`

const forward: Fragment = eachElement(
  'depthwise',
  'outWidth',
  'outHeight',
  `
  var sum = 0.0;
  ${eachTap(`sum += select(0.0, entering(candidate, channel) * ${weight('ky', 'kx')}, inside);`)}
  result[i] = sum;`,
)

const adjoint: Fragment = eachElement(
  'depthwise adjoint',
  'inWidth',
  'inHeight',
  eachWindow(`gradient(at, channel) * ${weight('wy', 'wx')}`),
)

/**
 * A column is a row of taps and a channel, a row an output pixel: its gradient is read once for all taps of the row.
 * Invocations step through the pixels without dividing.
 */
const filterSums = family((taps: number) =>
  columnProgram({
    key: `depthwise filters ${taps}`,
    inputs: [],
    declarations: `
      ${times(taps, kx => `var<workgroup> sums${kx}: array<f32, ${THREADS}>;`)}
      fn combine(i: i32, j: i32) { ${times(taps, kx => `sums${kx}[i] += sums${kx}[j];`)} }
      fn product(image: i32, iy: i32, ix: i32, channel: i32, dy: f32) -> f32 {
        let value = x[uniforms.xAt + ((image * uniforms.inHeight + iy) * uniforms.inWidth + ix) * uniforms.inChannels + channel];
        let inside = (iy >= 0) & (iy < uniforms.inHeight) & (ix >= 0) & (ix < uniforms.inWidth);
        return select(0.0, entering(value, channel) * dy, inside);
      }`,
    begin: times(taps, kx => `var sum${kx} = 0.0;`),
    each: {
      loop: `
        let ky = column / uniforms.inChannels;
        let channel = column - ky * uniforms.inChannels;
        let top = ky * uniforms.dilation - uniforms.padTop;
        var lines = begin / uniforms.outWidth;
        var across = begin - lines * uniforms.outWidth;
        var image = lines / uniforms.outHeight;
        var down = lines - image * uniforms.outHeight;
        for (var row = begin; row < end; row += lanes) {
          let iy = down * uniforms.stride + top;
          let left = across * uniforms.stride - uniforms.padLeft;
          let dy = gradient(row * uniforms.inChannels + channel, channel);
          ${times(taps, kx => `sum${kx} += product(image, iy, left + ${kx} * uniforms.dilation, channel, dy);`)}
          across += lanes;
          while (across >= uniforms.outWidth) {
            across -= uniforms.outWidth;
            down++;
            if (down == uniforms.outHeight) { down = 0; image++; }
          }
        }`,
    },
    store: times(taps, kx => `sums${kx}[thread] = sum${kx};`),
    // As filters lie: [height, width, channels].
    finish: `
      let ky = column / uniforms.inChannels;
      let first = chunk * ${taps} * uniforms.columns + ky * ${taps - 1} * uniforms.inChannels + column;
      ${times(taps, kx => `result[first + ${kx} * uniforms.inChannels] = sums${kx}[thread];`)}`,
  }),
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
        elements(sizeOf(shape), [
          geometry(g),
          windowSides(run, g),
          prologue(p),
          { key: '', inputs: { x, w } },
          forward,
        ]),
        shape,
      )
    },
    depthwiseConv2dGrad: gradients(launcher, store, {
      input: (dy, w, x, g, p, _, { into }) =>
        giveInputGradient(run, store, { g, x, p, into }, giving =>
          elements(sizeOf(inputShape(g)), [
            geometry(g),
            windowSides(run, g),
            outputGradient(dy),
            { key: '', inputs: { w } },
            ...giving,
            adjoint,
          ]),
        ),
      filters: (dy, _, x, g, p) => {
        const { kernelWidth: values } = g
        const columns = g.kernelHeight * g.inChannels
        const rows = g.batch * g.outHeight * g.outWidth
        const fragments = [geometry(g), prologue(p), outputGradient(dy), { key: '', inputs: { x } }]
        const dw = sumColumns(run, store.free, { rows, columns, values, fragments, program: filterSums(values) })
        return reshaped(store, dw, [g.kernelHeight, g.kernelWidth, g.inChannels])
      },
    }),
  }
}
