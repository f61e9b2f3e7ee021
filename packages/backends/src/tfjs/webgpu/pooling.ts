import { inputShape, outputShape } from '../../geometry.js'
import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { type Fragment, makeRunner } from './fragment.js'
import type { Launcher } from './program.js'
import { eachElement, elements, geometry, giveInputGradient } from './windows.js'

const plain = { activation: 'identity' } as const

/** WGSL: `for` every tap of the window at `corner` that lies inside the image: `at`, its element. */
const eachTap = (corner: string, body: string): string => `
  for (var ky = 0; ky < uniforms.kernelHeight; ky++) {
    let y = ${corner}.x + ky * uniforms.dilation;
    if (y < 0 || y >= uniforms.inHeight) { continue; }
    for (var kx = 0; kx < uniforms.kernelWidth; kx++) {
      let column = ${corner}.y + kx * uniforms.dilation;
      if (column < 0 || column >= uniforms.inWidth) { continue; }
      let at = ((pixel.z * uniforms.inHeight + y) * uniforms.inWidth + column) * uniforms.inChannels + channel;
      ${body}
    }
  }`

/** WGSL: `for` every window that the input pixel lies in: `window`, its output pixel (y, x). */
const eachWindow = (body: string): string => `
  for (var wy = 0; wy < uniforms.kernelHeight; wy++) {
    let down = pixel.x + uniforms.padTop - wy * uniforms.dilation;
    let outY = down / uniforms.stride;
    if (down < 0 || outY >= uniforms.outHeight || outY * uniforms.stride != down) { continue; }
    for (var wx = 0; wx < uniforms.kernelWidth; wx++) {
      let across = pixel.y + uniforms.padLeft - wx * uniforms.dilation;
      let outX = across / uniforms.stride;
      if (across < 0 || outX >= uniforms.outWidth || outX * uniforms.stride != across) { continue; }
      let corner = vec2<i32>(outY, outX) * uniforms.stride - vec2<i32>(uniforms.padTop, uniforms.padLeft);
      let value = dy[uniforms.dyAt + ((pixel.z * uniforms.outHeight + outY) * uniforms.outWidth + outX) * uniforms.inChannels + channel];
      ${body}
    }
  }
  give(i, channel, sum);`

const cornerOfOutput = `
  let corner = vec2<i32>(pixel.x, pixel.y) * uniforms.stride - vec2<i32>(uniforms.padTop, uniforms.padLeft);`

const maximum: Fragment = eachElement(
  'max pool',
  'outWidth',
  'outHeight',
  `${cornerOfOutput}
  var best = 0.0;
  var found = false;
  ${eachTap(
    'corner',
    `let candidate = x[uniforms.xAt + at];
      if (!found || isnan(candidate) || candidate > best) { best = candidate; }
      if (isnan(candidate)) { result[i] = candidate; return; }
      found = true;`,
  )}
  result[i] = best;`,
)

/**
 * An input is its window's maximum if what comes before it is less and what comes after it is not greater; NaN is greater
 * than every number. A window is left at the first tap that says otherwise.
 */
const maximumAdjoint: Fragment = eachElement(
  'max pool adjoint',
  'inWidth',
  'inHeight',
  `
  let own = x[uniforms.xAt + i];
  let isNan = isnan(own);
  var sum = 0.0;
  ${eachWindow('if (isFirstMaximum(pixel, channel, corner, i, own, isNan)) { sum += value; }')}`,
)

const firstMaximum: Fragment = {
  key: 'first maximum',
  source: () => `
  fn isFirstMaximum(pixel: vec3<i32>, channel: i32, corner: vec2<i32>, i: i32, own: f32, isNan: bool) -> bool {
    ${eachTap(
      'corner',
      `if (at == i) {
        if (isNan) { return true; }
        continue;
      }
      let other = x[uniforms.xAt + at];
      if (isnan(other)) { return false; }
      if (!isNan && (other > own || (at < i && other == own))) { return false; }`,
    )}
    return true;
  }`,
}

const average: Fragment = eachElement(
  'average pool',
  'outWidth',
  'outHeight',
  `${cornerOfOutput}
  var sum = 0.0;
  var count = 0.0;
  ${eachTap('corner', 'sum += x[uniforms.xAt + at]; count += 1.0;')}
  result[i] = sum / count;`,
)

const averageAdjoint: Fragment = eachElement(
  'average pool adjoint',
  'inWidth',
  'inHeight',
  `
  var sum = 0.0;
  ${eachWindow(
    `sum += value / f32(tapsInside(corner.x, uniforms.kernelHeight, uniforms.inHeight) *
        tapsInside(corner.y, uniforms.kernelWidth, uniforms.inWidth));`,
  )}`,
)

/** WGSL: taps inside the image along an axis. */
const tapsInside: Fragment = {
  key: 'taps inside',
  source: () => `
  fn tapsInside(corner: i32, taps: i32, size: i32) -> i32 {
    let before = (max(-corner, 0) + uniforms.dilation - 1) / uniforms.dilation;
    let beyond = (max(size - corner, 0) + uniforms.dilation - 1) / uniforms.dilation;
    return min(taps, beyond) - before;
  }`,
}

type Pooling = Pick<Kernels<TfjsTensor>, 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'>

export const pooling = (launcher: Launcher, store: Store): Pooling => {
  const run = makeRunner(launcher, store)
  const inputs = (tensors: Readonly<Record<string, TfjsTensor>>): Fragment => ({ key: '', inputs: tensors })
  return {
    maxPool: (x, g) => {
      const shape = outputShape(g)
      return run.fresh(elements(sizeOf(shape), [geometry(g), inputs({ x }), maximum]), shape)
    },
    maxPoolGrad: (dy, x, g, into) =>
      giveInputGradient(run, store, { g, p: plain, into }, giving =>
        elements(sizeOf(inputShape(g)), [geometry(g), inputs({ dy, x }), ...giving, firstMaximum, maximumAdjoint]),
      ),
    avgPool: (x, g) => {
      const shape = outputShape(g)
      return run.fresh(elements(sizeOf(shape), [geometry(g), inputs({ x }), average]), shape)
    },
    avgPoolGrad: (dy, g, into) =>
      giveInputGradient(run, store, { g, p: plain, into }, giving =>
        elements(sizeOf(inputShape(g)), [geometry(g), inputs({ dy }), ...giving, tapsInside, averageAdjoint]),
      ),
  }
}
