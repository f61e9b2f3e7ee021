/** Invocations of a workgroup in programs along one axis. */
export const THREADS = 256

/** Workgroups that WebGPU allows along an axis. */
const LIMIT = 65535

/** `count` workgroups: along x, and over y where they are too many. In the shader `workgroupIndex()` is its number, at least `count` of them. */
export const spread = (count: number): [number, number, number] => {
  const rows = Math.ceil(count / LIMIT)
  return [Math.max(1, Math.ceil(count / Math.max(1, rows))), Math.max(1, rows), 1]
}

/** Workgroups of `THREADS` for one invocation an element; its number is `getGlobalIndex()`, which may be `elements` or more. */
export const spreadElements = (elements: number): [number, number, number] => spread(Math.ceil(elements / THREADS))

/** WGSL: the number of the workgroup of a `spread`. */
export const workgroupIndex =
  'fn workgroupIndex() -> i32 { return i32(workgroupId.y * numWorkgroups.x + workgroupId.x); }'

/**
 * WGSL: `fn foldWorkgroup(count: i32)`: combines the values of invocations 0 to count - 1 in workgroup memory, always in the
 * same order, and leaves the result with invocation 0; `combine(i, j)` (to be declared beside it) adds j's value to i's. All
 * invocations must come here; a barrier stands at the beginning and at the end.
 */
export const foldWorkgroup = `
  fn foldWorkgroup(count: i32, step: i32) {
    workgroupBarrier();
    for (var live = count; live > 1; live = (live + 1) / 2) {
      let half = (live + 1) / 2;
      if (i32(localIndex) < (live - half) * step) { combine(i32(localIndex), i32(localIndex) + half * step); }
      workgroupBarrier();
    }
  }
`
