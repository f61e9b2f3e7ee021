import { biasCorrection } from '../../bias-correction.js'
import type { Kernels, ParameterUpdate, StepCoefficients } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { columnSums, planColumns } from './column-reduction.js'
import type { TableRow } from './launch.js'
import type { Launcher, Program } from './program.js'
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

type Slots<K extends string, X> = { readonly [name in K]?: X | undefined }
/** A parameter with its gradient and what its optimizer remembers of it, by slot. */
type Update<K extends string> = ParameterUpdate<TfjsTensor> & Slots<K, TfjsTensor>
/** A parameter after its update, and its new optimizer state. */
type Updated<K extends string> = { readonly [name in K | 'parameter']: TfjsTensor }

/** An optimizer: it remembers one or two tensors of a parameter. */
interface Method<K extends string> {
  readonly key: 'sgdStep' | 'adamStep'
  readonly slots: readonly [K, K?]
  /** Its own coefficients. */
  readonly floats: readonly string[]
  /** WGSL: of `g`, gradient and decay, the next value of each slot, by its name, and the `direction` that the parameter moves against. */
  readonly body: string
}

/** WGSL: whether there is a last value of the first or second slot, and that value. */
const LAST = [
  { there: 'state.z >= 0', value: 'load(state.z, state.w + i)' },
  { there: 'results.z >= 0', value: 'load(results.z, results.w + i)' },
] as const

const sgd: Method<'velocity'> = {
  key: 'sgdStep',
  slots: ['velocity'],
  floats: ['momentum'],
  body: `
      var velocity = g;
      if (${LAST[0].there}) { velocity += uniforms.momentum * ${LAST[0].value}; }
      let direction = velocity;`,
}

const adam: Method<'first' | 'second'> = {
  key: 'adamStep',
  slots: ['first', 'second'],
  floats: ['beta1', 'gain1', 'beta2', 'gain2', 'root', 'epsilon'],
  body: `
      var first = uniforms.gain1 * g;
      if (${LAST[0].there}) { first += uniforms.beta1 * ${LAST[0].value}; }
      var second = uniforms.gain2 * (g * g);
      if (${LAST[1].there}) { second += uniforms.beta2 * ${LAST[1].value}; }
      let direction = first / (sqrt(second) * uniforms.root + uniforms.epsilon);`,
}

/** New parameters, and `stride` elements after each what is remembered of it, slot after slot. */
const updateProgram = <K extends string>({ key, slots, floats, body }: Method<K>, inputs: number): Program =>
  segmentProgram(
    {
      key,
      integers: ['stride', 'factorSlot', 'factorAt'],
      floats: ['learningRate', 'weightDecay', ...floats],
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
      let g = load(gradient.z, gradient.w + i) * factor + uniforms.weightDecay * before;
      ${body}
      let after = before - uniforms.learningRate * direction;
      // Where there is no limit it is infinite; a NaN stays.
      result[results.x + i] = select(clamp(after, -limit, limit), after, isnan(after));
      ${slots.map((slot, s) => `result[${s + 1} * uniforms.stride + results.x + i] = ${slot};`).join('\n')}
    }`,
  )

/** For vectors of four. */
const align = (size: number): number => Math.ceil(size / 4) * 4

/** Rows and workgroups of a batch whose segments have these sizes and rows. */
const tableOf = <S>(
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

type Optimizing = Pick<Kernels<TfjsTensor>, 'squaredNorm' | 'sgdStep' | 'adamStep'>

/**
 * Many tensors a dispatch, as many as there may be buffers bound; all that an update gives lies in one buffer, so that the
 * next one has room for more gradients.
 */
export const optimizing = ({ launch, launchInto, bindings, largest }: Launcher, { view, free }: Store): Optimizing => {
  const inputs = bindings - 1
  const squares = squaresProgram(inputs)

  const stepping = <K extends string>(method: Method<K>) => {
    const program = updateProgram(method, inputs)
    const slots = method.slots.filter(slot => slot !== undefined)
    const step = (
      updates: readonly Update<K>[],
      coefficients: StepCoefficients,
      own: readonly number[],
      factor: TfjsTensor | undefined,
    ): readonly Updated<K>[] => {
      const sizes = updates.map(({ parameter }) => align(sizeOf(parameter.shape)))
      const total = sizes.reduce((a, b) => a + b, 0)
      const whole = (1 + slots.length) * total
      if (whole > largest && updates.length > 1) {
        const half = Math.ceil(updates.length / 2)
        return [updates.slice(0, half), updates.slice(half)].flatMap(part => step(part, coefficients, own, factor))
      }
      const homes = new Map<object, number>()
      for (const { parameter } of updates)
        if (!homes.has(parameter.buffer.dataId)) homes.set(parameter.buffer.dataId, homes.size)
      let to = 0
      const placed = updates.map((update, number) => {
        const { parameter, gradient, limit = Number.POSITIVE_INFINITY } = update
        const size = sizeOf(parameter.shape)
        to += sizes[number]!
        // `to` is where its results begin.
        return {
          parameter,
          gradient,
          limit,
          last: slots.map(slot => update[slot]),
          number,
          size,
          to: to - sizes[number]!,
        }
      })
      // Parameters that lie in one buffer together need the fewest bindings.
      const sorted = placed.toSorted(
        (a, b) => homes.get(a.parameter.buffer.dataId)! - homes.get(b.parameter.buffer.dataId)! || a.number - b.number,
      )
      const common = factor === undefined ? [] : [factor]
      let result: TfjsTensor | undefined
      for (const batch of batches(
        sorted,
        ({ parameter, gradient, last }) => [parameter, gradient, ...last.filter(x => x !== undefined)],
        inputs,
        common,
      )) {
        const { slotOf } = batch
        const placeOf = (x: TfjsTensor | undefined) =>
          x === undefined ? ([-1, 0] as const) : ([slotOf(x), x.offset] as const)
        const { rows, workgroups } = tableOf(
          batch,
          ({ size }) => size,
          UPDATES,
          ({ parameter, gradient, last, limit, size, to }, first) => [
            [first, size, ...placeOf(gradient)],
            [...placeOf(parameter), ...placeOf(last[0])],
            [to, bitsOf(limit), ...placeOf(last[1])],
          ],
        )
        const launched = {
          inputs: batch.inputs,
          integers: [batch.segments.length, total, ...placeOf(factor)],
          floats: [coefficients.learningRate, coefficients.weightDecay, ...own],
          table: rows,
          workgroups,
        }
        if (result === undefined) result = launch(program, launched, [whole])
        else launchInto(program, launched, result)
      }
      const made = result!
      const results = placed.map(({ parameter: { shape }, to }) => {
        const parts = ['parameter' as const, ...slots].map((part, s) => [part, view(made, shape, s * total + to)])
        return Object.fromEntries(parts) as Updated<K>
      })
      free(made)
      return results
    }
    return step
  }

  const sgdSteps = stepping(sgd)
  const adamSteps = stepping(adam)

  return {
    sgdStep: (updates, coefficients, factor) => sgdSteps(updates, coefficients, [coefficients.momentum], factor),
    adamStep: (updates, coefficients, factor) => {
      const { beta1, beta2, epsilon, weightDecay } = coefficients
      const { rate, root } = biasCorrection(coefficients)
      const own = [beta1, 1 - beta1, beta2, 1 - beta2, root, epsilon]
      return adamSteps(updates, { learningRate: rate, weightDecay }, own, factor)
    },
    squaredNorm: xs => {
      const total = xs.reduce((sum, { shape }) => sum + workgroupsFor(sizeOf(shape), SQUARES), 0)
      let before = 0
      let partial: TfjsTensor | undefined
      for (const batch of batches(xs, x => [x], inputs)) {
        const { rows, groups, workgroups } = tableOf(
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
