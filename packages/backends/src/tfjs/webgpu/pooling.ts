import { type Geometry, inputShape, outputShape } from '../../geometry.js'
import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { type Fragment, makeRunner } from './fragment.js'
import type { Launcher } from './program.js'
import { eachElement, eachTap, eachWindow, elements, geometry, giveInputGradient, windowSides } from './windows.js'

const plain = { activation: 'identity' } as const

/** WGSL: the first maximum of a window: its value `best` and the number `tap` of where it is. NaN is greater than every number. */
const findMaximum = `
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
  `
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
    return run.fresh(elements(sizeOf(shape), [geometry(g), windowSides(run, g), inputs({ x }), program]), shape)
  }
  const overInputs = (
    g: Geometry,
    operands: Readonly<Record<string, TfjsTensor>>,
    into: TfjsTensor | undefined,
    program: readonly Fragment[],
  ): TfjsTensor =>
    giveInputGradient(run, store, { g, p: plain, into }, giving =>
      elements(sizeOf(inputShape(g)), [geometry(g), windowSides(run, g), inputs(operands), ...giving, ...program]),
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
