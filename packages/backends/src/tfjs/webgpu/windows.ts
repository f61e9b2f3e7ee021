import { type Geometry, inputShape } from '../../geometry.js'
import type { Activation, Gradient, Prologue } from '../../kernels.js'
import type { Store, TfjsTensor } from '../tensor.js'
import type { Dispatch, Fragment, Runner } from './fragment.js'
import { spreadElements, THREADS, workgroupIndex } from './wgsl.js'

/** WGSL: the sizes of a geometry, by the names of its fields. */
export const geometry = ({ outChannels, ...g }: Geometry): Fragment => ({ key: '', integers: { ...g, outChannels } })

/** Sides of windows whose loops are unrolled. */
const UNROLLED = [3, 5]
/** Strides that shaders know: they are divided by for every tap. */
const KNOWN_STRIDES = [1, 2]

/** WGSL: `unstrided(v)`, v / stride rounded to 0: by a constant where that is worth a shader of its own. */
export const unstriding = ({ unrolled }: Runner, { stride }: Geometry): Fragment => {
  const known = unrolled ? KNOWN_STRIDES.find(s => s === stride) : undefined
  return {
    key: `${known ?? 'any'}`,
    source: () => `fn unstrided(v: i32) -> i32 { return v / ${known ?? 'uniforms.stride'}; }`,
  }
}

/**
 * WGSL: `kernelHeight()` and `kernelWidth()`: by constants, which unroll the loops over a window, where that is worth a shader of
 * its own; and `unstrided`. The reads of a loop that is unrolled and does not branch overlap.
 */
export const windowSides = (run: Runner, g: Geometry): Fragment => {
  const known = run.unrolled && g.kernelHeight === g.kernelWidth && UNROLLED.includes(g.kernelHeight)
  const side = (name: 'kernelHeight' | 'kernelWidth'): string =>
    `fn ${name}() -> i32 { return ${known ? g[name] : `uniforms.${name}`}; }`
  const strides = unstriding(run, g)
  return {
    key: `${known ? g.kernelHeight : 'any'} ${strides.key}`,
    source: () => [side('kernelHeight'), side('kernelWidth'), strides.source!()].join('\n'),
  }
}

const numbers: Readonly<Record<Activation, number>> = { identity: 0, relu: 1, sign: 2, 'sign-polynomial': 3 }

/** On bit patterns, which hold for NaN whatever a compiler assumes of it: NaN is not negative, not positive, not small. */
const activating = `
  fn activated(h: f32) -> f32 {
    // Selected, not branched over: this stands in the innermost loops.
    let bits = bitcast<u32>(h);
    let rectified = select(h, 0.0, (uniforms.activation == ${numbers.relu}) & (bits >= 0x80000000u) & (bits <= 0xff800000u));
    let sign = select(-1.0, 1.0, (bits <= 0x7f800000u) | (bits == 0x80000000u));
    return select(rectified, sign, uniforms.activation >= ${numbers.sign});
  }
  fn activatedSlope(h: f32) -> f32 {
    let bits = bitcast<u32>(h);
    let size = bits & 0x7fffffffu;
    let rectified = select(1.0, 0.0, (uniforms.activation == ${numbers.relu}) & (bits - 1u >= 0x7f800000u));
    let clipped = select(0.0, select(1.0, 2.0 - 2.0 * abs(h), uniforms.activation == ${numbers['sign-polynomial']}), size <= 0x3f800000u);
    return select(rectified, clipped, uniforms.activation >= ${numbers.sign});
  }`

/** WGSL: `entering(value, channel)`, P of a value of x, and `slope(value, channel)`, activation' of its argument. */
export const prologue = ({ activation, affine }: Prologue<TfjsTensor>): Fragment => ({
  key: affine ? 'of affine' : 'of x',
  integers: { activation: numbers[activation] },
  ...(affine && { vectors: { preScale: affine.scale, preShift: affine.shift } }),
  source: () => `
    ${activating}
    fn argument(value: f32, channel: i32) -> f32 {
      return ${affine ? 'value * preScale(channel) + preShift(channel)' : 'value'};
    }
    fn entering(value: f32, channel: i32) -> f32 { return activated(argument(value, channel)); }
    fn slope(value: f32, channel: i32) -> f32 { return activatedSlope(argument(value, channel)); }`,
})

/** WGSL: `gradient(i, channel)`, element i of the output's gradient, materialized or not. */
export const outputGradient = ({ dy, affine }: Gradient<TfjsTensor>): Fragment =>
  affine === undefined
    ? {
        key: 'dy',
        inputs: { dy },
        source: () => 'fn gradient(i: i32, channel: i32) -> f32 { return dy[uniforms.dyAt + i]; }',
      }
    : {
        key: 'dy through affine',
        inputs: { dy, dyx: affine.x },
        vectors: { dyScale: affine.scale, dySlope: affine.slope, dyOffset: affine.offset },
        source: () => `fn gradient(i: i32, channel: i32) -> f32 {
          return dy[uniforms.dyAt + i] * dyScale(channel) + dyx[uniforms.dyxAt + i] * dySlope(channel) + dyOffset(channel);
        }`,
      }

/** WGSL: `give(i, channel, value)` writes element i of an input's gradient: value * slope + into. */
const giving = (
  x: TfjsTensor | undefined,
  p: Prologue<TfjsTensor>,
  into: TfjsTensor | 'in place' | undefined,
): readonly Fragment[] => {
  // The identity's slope is 1, with or without an affine map before it.
  const sloped = x !== undefined && p.activation !== 'identity'
  const added = into === undefined ? '' : into === 'in place' ? ' + result[i]' : ' + into[uniforms.intoAt + i]'
  return [
    ...(sloped ? [prologue(p)] : []),
    {
      key: `give ${sloped}${added}`,
      inputs: { ...(sloped && { x }), ...(typeof into === 'object' && { into }) },
      source: () => `fn give(i: i32, channel: i32, value: f32) {
        result[i] = value${sloped ? ' * slope(x[uniforms.xAt + i], channel)' : ''}${added};
      }`,
    },
  ]
}

/** Runs a shader that gives an input's gradient: in the memory of `into` if nobody else holds it, which is consumed. */
export const giveInputGradient = (
  run: Runner,
  store: Store,
  { g, x, p, into }: InputGradient,
  dispatch: (giving: readonly Fragment[]) => Dispatch,
): TfjsTensor => {
  if (into !== undefined && store.exclusive(into)) {
    run.inPlace(dispatch(giving(x, p, 'in place')), into)
    const result = store.view(into, inputShape(g))
    store.free(into)
    return result
  }
  const result = run.fresh(dispatch(giving(x, p, into)), inputShape(g))
  if (into !== undefined) store.free(into)
  return result
}

export interface InputGradient {
  readonly g: Geometry
  /** Absent where there is no prologue. */
  readonly x?: TfjsTensor
  readonly p: Prologue<TfjsTensor>
  readonly into: TfjsTensor | undefined
}

/** WGSL: `main`, once for every element: its number `i`, its `channel`, and its `pixel` (y, x, image) in images of those sizes. */
export const eachElement = (key: string, width: string, height: string, body: string): Fragment => ({
  key,
  source: () => `
    ${workgroupIndex}
    fn main() {
      let i = workgroupIndex() * ${THREADS} + i32(localIndex);
      if (i >= uniforms.elements) { return; }
      // Division is faster without signs.
      let place = i32(u32(i) / u32(uniforms.inChannels));
      let channel = i - place * uniforms.inChannels;
      let lines = i32(u32(place) / u32(uniforms.${width}));
      let image = i32(u32(lines) / u32(uniforms.${height}));
      let pixel = vec3<i32>(lines - image * uniforms.${height}, place - lines * uniforms.${width}, image);
      ${body}
    }`,
})

/** WGSL: `for` every tap (ky, kx) of the window of output `pixel`: `candidate`, the input there if it is `inside` the image. */
export const eachTap = (body: string): string => `
  let corner = vec2<i32>(pixel.x, pixel.y) * uniforms.stride - vec2<i32>(uniforms.padTop, uniforms.padLeft);
  for (var ky = 0; ky < kernelHeight(); ky++) {
    let y = corner.x + ky * uniforms.dilation;
    for (var kx = 0; kx < kernelWidth(); kx++) {
      let column = corner.y + kx * uniforms.dilation;
      let candidate = x[uniforms.xAt + ((pixel.z * uniforms.inHeight + y) * uniforms.inWidth + column) * uniforms.inChannels + channel];
      let inside = (y >= 0) & (y < uniforms.inHeight) & (column >= 0) & (column < uniforms.inWidth);
      ${body}
    }
  }`

/** WGSL: adds up in `sum`, over the windows that input `pixel` may lie in, `value` of window `at` if it does, by its tap (wy, wx); and gives it. */
export const eachWindow = (value: string): string => `
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

/** One invocation an element. */
export const elements = (count: number, fragments: readonly Fragment[]): Dispatch => ({
  fragments: [{ key: '', integers: { elements: count } }, ...fragments],
  threads: THREADS,
  workgroups: spreadElements(count),
})
