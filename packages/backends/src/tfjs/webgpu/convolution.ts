import { type Geometry, outputShape } from '../../geometry.js'
import type { Gradient, Kernels, Prologue } from '../../kernels.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { type Fragment, makeRunner, type Runner } from './fragment.js'
import { gradients } from './gradients.js'
import { type Factor, product, productInto } from './product.js'
import type { Launcher } from './program.js'
import { reshaped } from './reshaped.js'
import { geometry, giveInputGradient, outputGradient, prologue, unstriding } from './windows.js'

/** Whether output pixels are input pixels: a convolution is then a product of matrices as they lie. */
const pointwise = (g: Geometry): boolean =>
  g.kernelHeight * g.kernelWidth * g.stride === 1 &&
  g.padTop === 0 &&
  g.padLeft === 0 &&
  g.outHeight === g.inHeight &&
  g.outWidth === g.inWidth

const merge = (...fragments: readonly Pick<Fragment, 'inputs' | 'vectors' | 'integers'>[]) => ({
  inputs: Object.assign({}, ...fragments.map(f => f.inputs)) as NonNullable<Fragment['inputs']>,
  vectors: Object.assign({}, ...fragments.map(f => f.vectors)) as NonNullable<Fragment['vectors']>,
  integers: Object.assign({}, ...fragments.map(f => f.integers)) as NonNullable<Fragment['integers']>,
})

/** WGSL: the places of a factor's elements are their numbers. */
const asTheyLie = (factor: 'A' | 'B'): string => `
  fn slow${factor}(i: i32) -> vec4<i32> { return vec4<i32>(i, 0, 0, 0); }
  fn fast${factor}(i: i32) -> vec4<i32> { return vec4<i32>(i, 0, 0, 0); }`

/** WGSL: the place of a tap, of which there are as many as the uniform `ends` says. */
const tapPlaces = (channels: 'inChannels' | 'outChannels', ends: string): string => `
  fn fastA(i: i32) -> vec4<i32> {
    if (i >= uniforms.${ends}) { return vec4<i32>(0x3fffffff, 0, 0, 0); }
    let tap = i / uniforms.${channels};
    let y = tap / uniforms.kernelWidth;
    return vec4<i32>(
      y * uniforms.dilation,
      (tap - y * uniforms.kernelWidth) * uniforms.dilation,
      i - tap * uniforms.${channels},
      0,
    );
  }`

/**
 * A place of a pixel is (y, x, rows of images before it), one of a tap (dy, dx, channel); those beyond the end lie outside
 * every image. A tap's channel neighbours in memory.
 */
const patches = (taps: 'depth' | 'side', x: TfjsTensor, g: Geometry, p: Prologue<TfjsTensor>): Factor => {
  const entering = prologue(p)
  const [pixels, ends] = taps === 'depth' ? ['rows', 'depth'] : ['depth', 'rows']
  const direct = pointwise(g)
  return {
    key: `patches ${direct} ${entering.key}`,
    ...merge({ inputs: { x } }, entering, geometry(g)),
    fast: taps,
    kept: !direct,
    source: () => `${entering.source!()}
      ${
        direct
          ? `
      ${asTheyLie('A')}
      fn elementA(tap: vec4<i32>, pixel: vec4<i32>) -> f32 {
        let value = entering(x[uniforms.xAt + pixel.x * uniforms.inChannels + tap.x], tap.x);
        return select(0.0, value, (pixel.x < uniforms.${pixels}) & (tap.x < uniforms.${ends}));
      }`
          : `
      fn slowA(i: i32) -> vec4<i32> {
        if (i >= uniforms.${pixels}) { return vec4<i32>(-0x40000000, 0, 0, 0); }
        let line = i / uniforms.outWidth;
        let image = line / uniforms.outHeight;
        return vec4<i32>(
          (line - image * uniforms.outHeight) * uniforms.stride - uniforms.padTop,
          (i - line * uniforms.outWidth) * uniforms.stride - uniforms.padLeft,
          image * uniforms.inHeight,
          0,
        );
      }
      ${tapPlaces('inChannels', ends)}
      fn elementA(tap: vec4<i32>, pixel: vec4<i32>) -> f32 {
        let at = pixel.xy + tap.xy;
        let value = x[uniforms.xAt + ((pixel.z + at.x) * uniforms.inWidth + at.y) * uniforms.inChannels + tap.z];
        let inside = (at.x >= 0) & (at.x < uniforms.inHeight) & (at.y >= 0) & (at.y < uniforms.inWidth);
        return select(0.0, entering(value, tap.z), inside);
      }`
      }`,
  }
}

/** Of every input pixel the output pixels whose windows it lies in, tap by tap: their gradients. */
const adjointPatches = (run: Runner, dy: Gradient<TfjsTensor>, g: Geometry): Factor => {
  const from = outputGradient(dy)
  const direct = pointwise(g)
  const strides = unstriding(run, g)
  return {
    key: `adjoint ${direct ? 'direct' : strides.key} ${from.key}`,
    ...merge(from, geometry(g)),
    fast: 'depth',
    kept: !direct,
    source: () => `${from.source!()}
      ${
        direct
          ? `
      ${asTheyLie('A')}
      fn elementA(tap: vec4<i32>, pixel: vec4<i32>) -> f32 {
        let value = gradient(pixel.x * uniforms.outChannels + tap.x, tap.x);
        return select(0.0, value, (pixel.x < uniforms.rows) & (tap.x < uniforms.depth));
      }`
          : `
      fn slowA(i: i32) -> vec4<i32> {
        if (i >= uniforms.rows) { return vec4<i32>(-0x40000000, 0, 0, 0); }
        let line = i / uniforms.inWidth;
        let image = line / uniforms.inHeight;
        return vec4<i32>(
          line - image * uniforms.inHeight + uniforms.padTop,
          i - line * uniforms.inWidth + uniforms.padLeft,
          image * uniforms.outHeight,
          0,
        );
      }
      ${tapPlaces('outChannels', 'depth')}
      ${strides.source!()}
      fn elementA(tap: vec4<i32>, pixel: vec4<i32>) -> f32 {
        let first = pixel.xy - tap.xy;
        let at = vec2<i32>(unstrided(first.x), unstrided(first.y));
        let value = gradient(((pixel.z + at.x) * uniforms.outWidth + at.y) * uniforms.outChannels + tap.z, tap.z);
        let inside = all(first >= vec2<i32>(0)) & all(at * uniforms.stride == first) &
          (at.x < uniforms.outHeight) & (at.y < uniforms.outWidth);
        return select(0.0, value, inside);
      }`
      }`,
  }
}

/** [taps and inputs, outputs] as they lie. */
const filters = (w: TfjsTensor): Factor => ({
  key: 'filters',
  inputs: { w },
  fast: 'side',
  kept: false,
  source: () => `
    ${asTheyLie('B')}
    fn elementB(column: vec4<i32>, depth: vec4<i32>) -> f32 {
      let value = w[uniforms.wAt + depth.x * uniforms.columns + column.x];
      return select(0.0, value, (column.x < uniforms.columns) & (depth.x < uniforms.depth));
    }`,
})

/** [taps and outputs, inputs] */
const adjointFilters = (w: TfjsTensor): Factor => ({
  key: 'adjoint filters',
  inputs: { w },
  fast: 'depth',
  kept: false,
  source: () => `
    fn fastB(i: i32) -> vec4<i32> {
      let tap = i / uniforms.outChannels;
      return vec4<i32>(i, tap * uniforms.inChannels, i - tap * uniforms.outChannels, 0);
    }
    fn slowB(i: i32) -> vec4<i32> { return vec4<i32>(i, 0, 0, 0); }
    fn elementB(depth: vec4<i32>, column: vec4<i32>) -> f32 {
      let value = w[uniforms.wAt + (depth.y + column.x) * uniforms.outChannels + depth.z];
      return select(0.0, value, (depth.x < uniforms.depth) & (column.x < uniforms.columns));
    }`,
})

/** [output pixels, outputs] */
const gradientRows = (dy: Gradient<TfjsTensor>): Factor => {
  const from = outputGradient(dy)
  return {
    key: `rows of ${from.key}`,
    ...merge(from),
    fast: 'side',
    kept: false,
    source: () => `${from.source!()}
      ${asTheyLie('B')}
      fn elementB(column: vec4<i32>, pixel: vec4<i32>) -> f32 {
        let value = gradient(pixel.x * uniforms.columns + column.x, column.x);
        return select(0.0, value, (column.x < uniforms.columns) & (pixel.x < uniforms.depth));
      }`,
  }
}

export const convolution = (launcher: Launcher, store: Store): Pick<Kernels<TfjsTensor>, 'conv2d' | 'conv2dGrad'> => {
  const run = makeRunner(launcher, store)
  const taps = (g: Geometry): number => g.kernelHeight * g.kernelWidth
  const outputs = (g: Geometry): number => g.batch * g.outHeight * g.outWidth

  return {
    conv2d: (x, w, g, p) => {
      const sizes = { rows: outputs(g), columns: g.outChannels, depth: taps(g) * g.inChannels }
      const y = product(run, store, sizes, patches('depth', x, g, p), filters(w))
      return reshaped(store, y, outputShape(g))
    },
    conv2dGrad: gradients(launcher, store, {
      input: (dy, w, x, g, p, _, { into }) => {
        const sizes = { rows: g.batch * g.inHeight * g.inWidth, columns: g.inChannels, depth: taps(g) * g.outChannels }
        const writing = {
          key: 'give',
          source: () => `fn write(part: i32, row: i32, column: i32, value: f32) {
            give(row * uniforms.columns + column, column, value);
          }`,
        }
        return giveInputGradient(run, store, { g, x, p, into }, giving =>
          productInto(run, sizes, adjointPatches(run, dy, g), adjointFilters(w), [...giving, writing]),
        )
      },
      filters: (dy, _, x, g, p) => {
        const sizes = { rows: taps(g) * g.inChannels, columns: g.outChannels, depth: outputs(g) }
        const dw = product(run, store, sizes, patches('side', x, g, p), gradientRows(dy))
        return reshaped(store, dw, [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels])
      },
    }),
  }
}
