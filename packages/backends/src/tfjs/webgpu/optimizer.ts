import type { Kernels, SgdUpdate } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { columnSums, planColumns } from './column-reduction.js'
import type { Launcher, Program, TableRow } from './program.js'
import { type Batch, batches, segmentProgram, workgroupsFor } from './segments.js'
import { bitsOf, foldWorkgroup, spread, THREADS } from './wgsl.js'

/** Elements that an invocation squares, and updates. */
const SQUARES = 16
const UPDATES = 4

const squaresProgram = (inputs: number): Program =>
  segmentProgram(
    { key: 'squaredNorm', integers: ['groups', 'before'] },
    inputs,
    1,
    SQUARES,
    `var<workgroup> sums : array<f32, ${THREADS}>;
    fn combine(i : i32, j : i32) { sums[i] += sums[j]; }
    ${foldWorkgroup}`,
    `let place = uniforms.table[row];
    var sum = 0.0;
    for (var i = begin; i < end; i += ${THREADS}) { let v = load(place.z, place.w + i); sum += v * v; }
    sums[thread] = sum;
    foldWorkgroup(${THREADS}, 1);
    if (thread == 0 && group < uniforms.groups) { result[uniforms.before + group] = sums[0]; }`,
  )

/** New parameters, and `velocities` elements after each its velocity. */
const updateProgram = (inputs: number): Program =>
  segmentProgram(
    {
      key: 'sgdStep',
      integers: ['velocities', 'factorSlot', 'factorAt'],
      floats: ['learningRate', 'momentum', 'weightDecay'],
    },
    inputs,
    3,
    UPDATES,
    '',
    `let gradient = uniforms.table[row];
    let state = uniforms.table[row + 1];
    let results = uniforms.table[row + 2];
    let limit = bitcast<f32>(results.y);
    var factor = 1.0;
    if (uniforms.factorSlot >= 0) { factor = load(uniforms.factorSlot, uniforms.factorAt); }
    for (var i = begin; i < end; i += ${THREADS}) {
      let before = load(state.x, state.y + i);
      var velocity = load(gradient.z, gradient.w + i) * factor + uniforms.weightDecay * before;
      if (state.z >= 0) { velocity += uniforms.momentum * load(state.z, state.w + i); }
      let after = before - uniforms.learningRate * velocity;
      // Where there is no limit it is infinite; a NaN stays.
      result[results.x + i] = select(clamp(after, -limit, limit), after, isnan(after));
      result[uniforms.velocities + results.x + i] = velocity;
    }`,
  )

/** For vectors of four. */
const align = (size: number): number => Math.ceil(size / 4) * 4

interface PlacedUpdate extends SgdUpdate<TfjsTensor> {
  readonly number: number
  readonly size: number
  /** Where its results begin. */
  readonly to: number
}

type Optimizing = Pick<Kernels<TfjsTensor>, 'squaredNorm' | 'sgdStep'>

/**
 * Many tensors a dispatch, as many as there may be buffers bound; all that an update gives lies in one buffer, so that the
 * next one has room for more gradients.
 */
export const optimizing = ({ launch, launchInto, bindings, largest }: Launcher, { view, free }: Store): Optimizing => {
  const inputs = bindings - 1
  const squares = squaresProgram(inputs)
  const updating = updateProgram(inputs)

  /** Rows and workgroups of a batch whose segments have these sizes and rows. */
  const table = <S>(
    { segments }: Batch<S>,
    sizeOfSegment: (segment: S) => number,
    perThread: number,
    rowsOf: (segment: S, firstGroup: number) => readonly TableRow[],
  ) => {
    let groups = 0
    const rows = segments.flatMap(segment => {
      const row = rowsOf(segment, groups)
      groups += workgroupsFor(sizeOfSegment(segment), perThread)
      return row
    })
    return { groups, rows, workgroups: spread(groups) }
  }

  const sgdStep: Optimizing['sgdStep'] = (updates, { learningRate, momentum, weightDecay }, factor) => {
    const sizes = updates.map(({ parameter }) => align(sizeOf(parameter.shape)))
    const total = sizes.reduce((a, b) => a + b, 0)
    if (2 * total > largest && updates.length > 1) {
      const half = Math.ceil(updates.length / 2)
      const coefficients = { learningRate, momentum, weightDecay }
      return [updates.slice(0, half), updates.slice(half)].flatMap(part => sgdStep(part, coefficients, factor))
    }
    const homes = new Map<object, number>()
    for (const { parameter } of updates)
      if (!homes.has(parameter.buffer.dataId)) homes.set(parameter.buffer.dataId, homes.size)
    let to = 0
    const placed = updates.map((update, number): PlacedUpdate => {
      const size = sizeOf(update.parameter.shape)
      to += sizes[number]!
      return { ...update, number, size, to: to - sizes[number]! }
    })
    // Parameters that lie in one buffer together need the fewest bindings.
    const sorted = placed.toSorted(
      (a, b) => homes.get(a.parameter.buffer.dataId)! - homes.get(b.parameter.buffer.dataId)! || a.number - b.number,
    )
    const common = factor === undefined ? [] : [factor]
    const tensorsOf = ({ parameter, gradient, velocity }: PlacedUpdate) =>
      velocity === undefined ? [parameter, gradient] : [parameter, gradient, velocity]
    let result: TfjsTensor | undefined
    for (const batch of batches(sorted, tensorsOf, inputs, common)) {
      const { slotOf } = batch
      const { rows, workgroups } = table(
        batch,
        ({ size }) => size,
        UPDATES,
        ({ parameter, gradient, velocity, limit = Number.POSITIVE_INFINITY, size, to }, first) => [
          [first, size, slotOf(gradient), gradient.offset],
          [slotOf(parameter), parameter.offset, velocity ? slotOf(velocity) : -1, velocity?.offset ?? 0],
          [to, bitsOf(limit), 0, 0],
        ],
      )
      const launched = {
        inputs: batch.inputs,
        integers: [batch.segments.length, total, factor ? slotOf(factor) : -1, factor?.offset ?? 0],
        floats: [learningRate, momentum, weightDecay],
        table: rows,
        workgroups,
      }
      if (result === undefined) result = launch(updating, launched, [2 * total])
      else launchInto(updating, launched, result)
    }
    const whole = result!
    const results = placed.map(({ parameter: { shape }, to }) => ({
      parameter: view(whole, shape, to),
      velocity: view(whole, shape, total + to),
    }))
    free(whole)
    return results
  }

  return {
    sgdStep,
    squaredNorm: xs => {
      const total = xs.reduce((sum, { shape }) => sum + workgroupsFor(sizeOf(shape), SQUARES), 0)
      let before = 0
      let partial: TfjsTensor | undefined
      for (const batch of batches(xs, x => [x], inputs)) {
        const { rows, groups, workgroups } = table(
          batch,
          ({ shape }) => sizeOf(shape),
          SQUARES,
          (x, first) => [[first, sizeOf(x.shape), batch.slotOf(x), x.offset]],
        )
        const integers = [batch.segments.length, groups, before]
        const launched = { inputs: batch.inputs, integers, table: rows, workgroups }
        if (partial === undefined) partial = launch(squares, launched, [total])
        else launchInto(squares, launched, partial)
        before += groups
      }
      const sum = launch(columnSums, { inputs: [partial!], ...planColumns(total, 1, true) }, [])
      free(partial!)
      return sum
    },
  }
}
