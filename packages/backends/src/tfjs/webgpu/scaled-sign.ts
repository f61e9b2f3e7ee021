import type { Kernels, ScaleGroup, SignActivation } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { TfjsTensor } from '../tensor.js'
import type { Launcher, Program } from './program.js'
import { foldWorkgroup } from './wgsl.js'

/** Invocations that share a group: filters have few values a channel. */
const THREADS = 64

const X = 'x[uniforms.xAt + i]'
const DY = 'dy[uniforms.dyAt + i]'

const estimates: Readonly<Record<SignActivation, string>> = {
  sign: `select(0.0, 1.0, abs(${X}) <= 1.0)`,
  'sign-polynomial': `max(2.0 - 2.0 * abs(${X}), 0.0)`,
}

/** A workgroup for every group of values, its sums by a tree of fixed order. */
const program = (key: string, inputs: readonly string[], sums: readonly string[], value: string): Program => ({
  key,
  inputs,
  integers: ['rows', 'groups'],
  workgroup: [THREADS, 1, 1],
  source: () => `
    ${sums.map((_, s) => `var<workgroup> sums${s} : array<f32, ${THREADS}>;`).join('\n')}
    fn combine(i : i32, j : i32) { ${sums.map((_, s) => `sums${s}[i] += sums${s}[j];`).join(' ')} }
    ${foldWorkgroup}
    fn signOf(x : f32) -> f32 { return select(-1.0, 1.0, x >= 0.0); }
    fn main() {
      let group = i32(workgroupId.x);
      let thread = i32(localIndex);
      ${sums.map((_, s) => `var sum${s} = 0.0;`).join('\n')}
      for (var row = thread; row < uniforms.rows; row += ${THREADS}) {
        let i = row * uniforms.groups + group;
        ${sums.map((term, s) => `sum${s} += ${term};`).join('\n')}
      }
      ${sums.map((_, s) => `sums${s}[thread] = sum${s};`).join('\n')}
      foldWorkgroup(${THREADS}, 1);
      ${sums.map((_, s) => `let mean${s} = sums${s}[0] / f32(uniforms.rows);`).join('\n')}
      for (var row = thread; row < uniforms.rows; row += ${THREADS}) {
        let i = row * uniforms.groups + group;
        result[i] = ${value};
      }
    }`,
})

const forward = program('scaledSign', ['x'], [`abs(${X})`], `signOf(${X}) * mean0`)

const backward = (activation: SignActivation): Program =>
  program(
    `scaledSignGrad ${activation}`,
    ['dy', 'x'],
    [`abs(${X})`, `signOf(${X}) * ${DY}`],
    `${estimates[activation]} * mean0 * ${DY} + signOf(${X}) * mean1`,
  )

const gradients: Readonly<Record<SignActivation, Program>> = {
  sign: backward('sign'),
  'sign-polynomial': backward('sign-polynomial'),
}

type ScaledSign = Pick<Kernels<TfjsTensor>, 'scaledSign' | 'scaledSignGrad'>

/** 1-bit filters and their gradient, one program each. */
export const scaledSign = ({ launch }: Launcher): ScaledSign => {
  const run = (
    program: Program,
    inputs: readonly TfjsTensor[],
    { shape }: TfjsTensor,
    group: ScaleGroup,
  ): TfjsTensor => {
    const groups = group === 'channel' ? shape.at(-1)! : 1
    const integers = [sizeOf(shape) / groups, groups]
    return launch(program, { inputs, integers, workgroups: [groups, 1, 1] }, shape)
  }
  return {
    scaledSign: (x, group) => run(forward, [x], x, group),
    scaledSignGrad: (dy, x, group, activation) => run(gradients[activation], [dy, x], x, group),
  }
}
