/** Invocations of a workgroup in programs along one axis. */
export const THREADS = 256

/** Workgroups that WebGPU allows along an axis. */
const LIMIT = 65535

/** A float32's bits as an integer. */
export const bitsOf = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!

/** WGSL: a line for each of the numbers below `count`. */
export const times = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

/** WGSL: `opaque(n)` is n, hidden from the compiler, so that it does not unroll a loop up to it. */
export const opaque = 'fn opaque(n: i32) -> i32 { return select(0, n, numWorkgroups.x > 0u); }'

/** At least `count` workgroups: along x, and over y where they are too many. In the shader `workgroupIndex()` is the number of one. */
export const spread = (count: number): [number, number, number] => {
  const rows = Math.max(1, Math.ceil(count / LIMIT))
  return [Math.max(1, Math.ceil(count / rows)), rows, 1]
}

/** Workgroups of `THREADS` for one invocation an element; its number is `getGlobalIndex()`, which may be `elements` or more. */
export const spreadElements = (elements: number): [number, number, number] => spread(Math.ceil(elements / THREADS))

/** WGSL: the number of the workgroup of a `spread`, which may be `count` or more. */
export const workgroupIndex =
  'fn workgroupIndex() -> i32 { return i32(workgroupId.y * numWorkgroups.x + workgroupId.x); }'

/**
 * WGSL: `foldWorkgroup(count, step)` combines entries 0, step, 2 step, ... (`count` of them) of workgroup memory into the first,
 * and the same for the `step` - 1 entries beside each, always in the same order. To be declared: `combine(i, j)`, which adds
 * entry j to entry i. All invocations must come here, each having written its entry; all may read afterwards.
 */
export const foldWorkgroup = `
  fn foldWorkgroup(count : i32, step : i32) {
    workgroupBarrier();
    for (var live = count; live > 1; live = (live + 1) / 2) {
      let half = (live + 1) / 2;
      if (i32(localIndex) < (live - half) * step) { combine(i32(localIndex), i32(localIndex) + half * step); }
      workgroupBarrier();
    }
  }`

/**
 * WGSL: `logarithm(v)`, accurate to about one unit in the last place; `log` only has to be accurate to 2^-21 absolutely, which is useless
 * near 1. By FreeBSD's logf (Sun Microsystems 1993): v = 2^k * (1 + f), and a polynomial in f / (2 + f).
 */
export const logarithm = `
  fn logarithm(v : f32) -> f32 {
    let bits = bitcast<u32>(v);
    if (isnan(v) || bits == 0x7f800000u) { return v; }
    if ((bits & 0x7fffffffu) == 0u) { return -uniforms.INFINITY; }
    if (bits >= 0x80000000u) { return uniforms.NAN; }
    if (bits < 0x00800000u) { return log(v); }
    let shifted = bits + 0x004afb0du;
    let k = f32(i32(shifted >> 23u) - 127);
    let f = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = w * (0.40000972152 + w * 0.24279078841);
    let even = z * (0.66666662693 + w * 0.28498786688);
    let half = 0.5 * f * f;
    return s * (half + odd + even) + k * 9.0580006145e-6 - half + f + k * 0.69313812256;
  }`
