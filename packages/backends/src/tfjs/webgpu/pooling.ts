import { type Geometry, inputShape, outputShape } from '../../geometry.js'
import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { type Fragment, makeRunner } from './fragment.js'
import type { Launcher } from './program.js'
import { eachElement, elements, geometry, giveInputGradient, windowSides } from './windows.js'

const plain = { activation: 'identity' } as const

/** WGSL: `for` every tap of the window at `corner`: `candidate`, the input there if it is `inside` the image. */
const eachTap = (body: string): string => `
  for (var ky = 0; ky < kernelHeight(); ky++) {
    let y = corner.x + ky * uniforms.dilation;
    for (var kx = 0; kx < kernelWidth(); kx++) {
      let column = corner.y + kx * uniforms.dilation;
      let candidate = x[uniforms.xAt + ((pixel.z * uniforms.inHeight + y) * uniforms.inWidth + column) * uniforms.inChannels + channel];
      let inside = (y >= 0) & (y < uniforms.inHeight) & (column >= 0) & (column < uniforms.inWidth);
      ${body}
    }
  }`

/** WGSL: adds up in `sum`, over the windows that the input pixel may lie in, `value` of window `at` if it does: by its tap (wy, wx). */
const eachWindow = (value: string): string => `
  var sum = 0.0;
  for (var wy = 0; wy < kernelHeight(); wy++) {
    let down = pixel.x + uniforms.padTop - wy * uniforms.dilation;
    let outY = unstrided(down);
    let insideY = (down >= 0) & (outY < uniforms.outHeight) & (outY * uniforms.stride == down);
    for (var wx = 0; wx < kernelWidth(); wx++) {
      let across = pixel.y + uniforms.padLeft - wx * uniforms.dilation;
      let outX = unstrided(across);
      let inside = insideY & (across >= 0) & (outX < uniforms.outWidth) & (outX * uniforms.stride == across);
      let at = ((pixel.z * uniforms.outHeight + outY) * uniforms.outWidth + outX) * uniforms.inChannels + channel;
      sum += select(0.0, ${value}, inside);
    }
  }
  give(i, channel, sum);`

const cornerOfOutput = `
  let corner = vec2<i32>(pixel.x, pixel.y) * uniforms.stride - vec2<i32>(uniforms.padTop, uniforms.padLeft);`

/** WGSL: the first maximum of a window: its value `best` and the number `tap` of where it is. NaN is greater than every number. */
const findMaximum = `${cornerOfOutput}
  var best = 0.0;
  var tap = -1;
  ${eachTap(`
    let better = inside & ((tap < 0) | (candidate > best) | (isnan(candidate) & !isnan(best)));
    best = select(best, candidate, better);
    tap = select(tap, ky * kernelWidth() + kx, better);`)}`

const maximum: Fragment = eachElement('max pool', 'outWidth', 'outHeight', `${findMaximum} result[i] = best;`)

const maximumAt: Fragment = eachElement('maximum at', 'outWidth', 'outHeight', `${findMaximum} result[i] = f32(tap);`)

const maximumAdjoint: Fragment = eachElement(
  'max pool adjoint',
  'inWidth',
  'inHeight',
  eachWindow('select(0.0, dy[uniforms.dyAt + at], taps[uniforms.tapsAt + at] == f32(wy * kernelWidth() + wx))'),
)

const average: Fragment = eachElement(
  'average pool',
  'outWidth',
  'outHeight',
  `${cornerOfOutput}
  var sum = 0.0;
  var count = 0.0;
  ${eachTap('sum += select(0.0, candidate, inside); count += select(0.0, 1.0, inside);')}
  result[i] = sum / count;`,
)

const averageAdjoint: Fragment = eachElement(
  'average pool adjoint',
  'inWidth',
  'inHeight',
  eachWindow(`dy[uniforms.dyAt + at] /
        f32(tapsInside(outY * uniforms.stride - uniforms.padTop, kernelHeight(), uniforms.inHeight) *
          tapsInside(outX * uniforms.stride - uniforms.padLeft, kernelWidth(), uniforms.inWidth))`),
)

/** WGSL: taps inside the image along an axis. */
const tapsInside = ({ dilation }: Geometry): Fragment => {
  const steps = (distance: string): string =>
    dilation === 1 ? distance : `(${distance} + uniforms.dilation - 1) / uniforms.dilation`
  return {
    key: `taps inside ${dilation === 1}`,
    source: () => `
    fn tapsInside(corner: i32, taps: i32, size: i32) -> i32 {
      return min(taps, ${steps('max(size - corner, 0)')}) - ${steps('max(-corner, 0)')};
    }`,
  }
}

type Pooling = Pick<Kernels<TfjsTensor>, 'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'>

export const pooling = (launcher: Launcher, store: Store): Pooling => {
  const run = makeRunner(launcher, store)
  const inputs = (tensors: Readonly<Record<string, TfjsTensor>>): Fragment => ({ key: '', inputs: tensors })
  const overOutputs = (x: TfjsTensor, g: Geometry, program: Fragment): TfjsTensor => {
    const shape = outputShape(g)
    return run.fresh(elements(sizeOf(shape), [geometry(g), windowSides(g), inputs({ x }), program]), shape)
  }
  const overInputs = (
    g: Geometry,
    operands: Readonly<Record<string, TfjsTensor>>,
    into: TfjsTensor | undefined,
    program: readonly Fragment[],
  ): TfjsTensor =>
    giveInputGradient(run, store, { g, p: plain, into }, giving =>
      elements(sizeOf(inputShape(g)), [geometry(g), windowSides(g), inputs(operands), ...giving, ...program]),
    )
  return {
    maxPool: (x, g) => overOutputs(x, g, maximum),
    // Every window finds its maximum once, not once for each of its inputs.
    maxPoolGrad: (dy, x, g, into) => {
      const taps = overOutputs(x, g, maximumAt)
      const dx = overInputs(g, { dy, taps }, into, [maximumAdjoint])
      store.free(taps)
      return dx
    },
    avgPool: (x, g) => overOutputs(x, g, average),
    avgPoolGrad: (dy, g, into) => overInputs(g, { dy }, into, [tapsInside(g), averageAdjoint]),
  }
}
