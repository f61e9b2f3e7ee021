import type { TfjsTensor } from '../tensor.js'
import type { Program } from './program.js'
import { THREADS, workgroupIndex } from './wgsl.js'

/** Tensors, or groups of tensors of one size, that one program takes at most. */
const SEGMENTS = 24

/** A walk over many tensors in few dispatches: which buffers are bound, and where in them a tensor lies, are numbers. */
export interface Batch<S> {
  readonly segments: readonly S[]
  /** Distinct buffers, repeated until every input has one. */
  readonly inputs: readonly TfjsTensor[]
  /** Number of the input that x's buffer is bound to. */
  readonly slotOf: (x: TfjsTensor) => number
}

/** As few batches as the order allows, of which each needs at most `inputs` distinct buffers, `common`'s among them. */
export const batches = <S>(
  segments: readonly S[],
  tensorsOf: (segment: S) => readonly TfjsTensor[],
  inputs: number,
  common: readonly TfjsTensor[] = [],
): readonly Batch<S>[] => {
  const done: Batch<S>[] = []
  let taken: S[] = []
  let slots = new Map<object, TfjsTensor>()
  const withBuffers = (xs: readonly TfjsTensor[]) => new Map([...slots, ...xs.map(x => [x.buffer.dataId, x] as const)])
  const close = () => {
    const bound = [...slots.values()]
    const numbers = new Map([...slots.keys()].map((buffer, slot) => [buffer, slot]))
    done.push({
      segments: taken,
      inputs: Array.from({ length: inputs }, (_, slot) => bound[slot] ?? bound[0]!),
      slotOf: x => numbers.get(x.buffer.dataId)!,
    })
    taken = []
    slots = new Map()
    slots = withBuffers(common)
  }
  slots = withBuffers(common)
  for (const segment of segments) {
    if (taken.length === SEGMENTS || withBuffers(tensorsOf(segment)).size > inputs) close()
    slots = withBuffers(tensorsOf(segment))
    taken.push(segment)
  }
  if (taken.length > 0) close()
  return done
}

/** Workgroups that `size` elements are shared out to. */
export const workgroupsFor = (size: number, perThread: number): number => Math.ceil(size / (THREADS * perThread))

/**
 * A program over a batch with `inputs` inputs. A segment has `rows` rows of the table; in the first of them, x is the number
 * of its first workgroup and y how many elements it has. WGSL: `load(slot, place)` reads an input; `body` is in a function
 * with `group`, the workgroup's number, `row`, its segment's first row, `thread`, and `begin` and `end`, such that it takes
 * the elements begin, begin + THREADS, ... before end.
 */
export const segmentProgram = (
  program: Pick<Program, 'key' | 'integers' | 'floats'>,
  inputs: number,
  rows: number,
  perThread: number,
  declarations: string,
  body: string,
): Program => ({
  ...program,
  key: `${program.key} ${inputs}`,
  inputs: Array.from({ length: inputs }, (_, slot) => `x${slot}`),
  integers: ['segments', ...(program.integers ?? [])],
  table: SEGMENTS * rows,
  workgroup: [THREADS, 1, 1],
  source: () => `
    ${workgroupIndex}
    fn load(slot : i32, place : i32) -> f32 {
      switch (slot) {
        ${Array.from({ length: inputs - 1 }, (_, i) => `case ${i + 1}: { return x${i + 1}[place]; }`).join('\n')}
        default: { return x0[place]; }
      }
    }
    ${declarations}
    fn main() {
      let group = workgroupIndex();
      let thread = i32(localIndex);
      var row = 0;
      for (var s = 1; s < uniforms.segments; s++) {
        if (uniforms.table[s * ${rows}].x <= group) { row = s * ${rows}; }
      }
      let first = (group - uniforms.table[row].x) * ${THREADS * perThread};
      let begin = first + thread;
      let end = min(first + ${THREADS * perThread}, uniforms.table[row].y);
      ${body}
    }`,
})
