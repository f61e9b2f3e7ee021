import type { Kernels } from '../../kernels.js'
import { type Shape, sizeOf, stridesOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { columnSums, planColumns } from './column-reduction.js'
import { collapse, walk, walkIntegers, walkValues } from './layout.js'
import { family, type Launcher, type Program } from './program.js'
import { foldWorkgroup, spread, THREADS, workgroupIndex } from './wgsl.js'

/** Columns up to which a sum over rows is worth a reduction of its own. */
const COLUMNS = 4096
/** Values that a workgroup sums up before they are shared out to more of them. */
const SHARE = 8192
/** Number of workgroups that keeps a GPU busy. */
const WORKGROUPS = 256

/**
 * Sums over `reduced` axes of x for each element of `kept` ones. `lanes` invocations share an element and a part of what
 * is summed; the result is [parts, elements].
 */
const sumProgram = family(
  (kept: number, reduced: number, lanes: number): Program => ({
    key: `sum ${kept} ${reduced} ${lanes}`,
    inputs: ['x'],
    integers: [
      'elements',
      'parts',
      'count',
      'share',
      ...walkIntegers('kept', kept, ['start']),
      ...walkIntegers('reduced', reduced, ['at']),
    ],
    workgroup: [THREADS, 1, 1],
    source: () => `
    ${workgroupIndex}
    var<workgroup> sums : array<f32, ${THREADS}>;
    fn combine(i : i32, j : i32) { sums[i] += sums[j]; }
    ${foldWorkgroup}
    fn main() {
      let thread = i32(localIndex);
      let lane = thread / ${THREADS / lanes};
      let number = workgroupIndex() * ${THREADS / lanes} + thread - lane * ${THREADS / lanes};
      let part = number / uniforms.elements;
      var sum = 0.0;
      if (part < uniforms.parts) {
        var start = uniforms.xAt;
        ${walk('kept', kept, ['start'], 'number - part * uniforms.elements')}
        let end = min((part + 1) * uniforms.share, uniforms.count);
        for (var k = part * uniforms.share + lane; k < end; k += ${lanes}) {
          var at = start;
          ${walk('reduced', reduced, ['at'], 'k')}
          sum += x[at];
        }
      }
      sums[thread] = sum;
      foldWorkgroup(${lanes}, ${THREADS / lanes});
      if (lane == 0 && part < uniforms.parts) { result[number] = sums[thread]; }
    }`,
  }),
)

/** A workgroup a row; the first of the greatest values, of which NaN is none unless it is the first. */
const argMaxProgram: Program = {
  key: 'argMax',
  inputs: ['x'],
  integers: ['rows', 'columns'],
  workgroup: [64, 1, 1],
  source: () => `
    ${workgroupIndex}
    var<workgroup> values : array<f32, 64>;
    var<workgroup> places : array<i32, 64>;
    fn better(v : f32, at : i32, than : f32, thanAt : i32) -> bool {
      return at >= 0 && (thanAt < 0 || v > than || (v == than && at < thanAt));
    }
    fn combine(i : i32, j : i32) {
      if (better(values[j], places[j], values[i], places[i])) { values[i] = values[j]; places[i] = places[j]; }
    }
    ${foldWorkgroup}
    fn main() {
      let thread = i32(localIndex);
      let row = workgroupIndex();
      let start = uniforms.xAt + row * uniforms.columns;
      var best = 0.0;
      var place = -1;
      if (row < uniforms.rows) {
        for (var c = thread; c < uniforms.columns; c += 64) {
          let v = x[start + c];
          if (!isnan(v) && better(v, c, best, place)) { best = v; place = c; }
        }
      }
      values[thread] = best;
      places[thread] = place;
      foldWorkgroup(64, 1);
      if (thread == 0 && row < uniforms.rows) { result[row] = select(f32(places[0]), 0.0, isnan(x[start])); }
    }`,
}

type Reductions = Pick<Kernels<TfjsTensor>, 'sum' | 'argMax'>

export const reductions = ({ launch }: Launcher, { view, free }: Store): Reductions => {
  const reshaped = (x: TfjsTensor, shape: Shape): TfjsTensor => {
    const y = view(x, shape)
    free(x)
    return y
  }

  const sumRows = (x: TfjsTensor, rows: number, columns: number): TfjsTensor => {
    const plan = planColumns(rows, columns)
    const partial = launch(columnSums, { inputs: [x], ...plan }, [plan.chunks, columns])
    if (plan.chunks === 1) return partial
    const whole = launch(columnSums, { inputs: [partial], ...planColumns(plan.chunks, columns, true) }, [columns])
    free(partial)
    return whole
  }

  const sumAxes = (x: TfjsTensor, axes: readonly number[]): TfjsTensor => {
    const strides = stridesOf(x.shape)
    const pick = (isReduced: boolean) => {
      const picked = x.shape.map((_, axis) => axis).filter(axis => axes.includes(axis) === isReduced)
      const shape = picked.map(axis => x.shape[axis]!)
      return { size: sizeOf(shape), layout: collapse(shape, [picked.map(axis => strides[axis]!)]) }
    }
    const kept = pick(false)
    const reduced = pick(true)
    // Where there are fewer results than invocations to be had, several take one, and workgroups a part each.
    const isShared = kept.size < WORKGROUPS * 16 && reduced.size > 64
    const lanes = isShared ? THREADS : 1
    const parts = isShared ? Math.ceil(Math.min(reduced.size / SHARE, Math.max(1, WORKGROUPS / kept.size))) : 1
    const share = Math.ceil(reduced.size / parts)
    const partial = launch(
      sumProgram(kept.layout.sizes.length, reduced.layout.sizes.length, lanes),
      {
        inputs: [x],
        integers: [kept.size, parts, reduced.size, share, ...walkValues(kept.layout), ...walkValues(reduced.layout)],
        workgroups: spread(Math.ceil((parts * kept.size * lanes) / THREADS)),
      },
      [parts, kept.size],
    )
    if (parts === 1) return partial
    const whole = sumRows(partial, parts, kept.size)
    free(partial)
    return whole
  }

  return {
    sum: (x, axes = x.shape.map((_, axis) => axis)) => {
      const shape = x.shape.filter((_, axis) => !axes.includes(axis))
      const columns = sizeOf(shape)
      const isOuter = axes.every(axis => axis < axes.length)
      const summed =
        isOuter && columns <= COLUMNS && columns > 1 ? sumRows(x, sizeOf(x.shape) / columns, columns) : sumAxes(x, axes)
      return reshaped(summed, shape)
    },
    argMax: x => {
      const columns = x.shape.at(-1)!
      const rows = sizeOf(x.shape) / columns
      return launch(
        argMaxProgram,
        { inputs: [x], integers: [rows, columns], workgroups: spread(rows) },
        x.shape.slice(0, -1),
      )
    },
  }
}
