import type { Kernels } from '../../kernels.js'
import type { Store, TfjsTensor } from '../tensor.js'
import type { Launcher, Program } from './program.js'
import { foldWorkgroup, logarithm, spread, workgroupIndex } from './wgsl.js'

/** Invocations that share a row. */
const LANES = 64

/**
 * A workgroup a row: `finish` knows the row's greatest logit and the logarithm of the sum of the exponentials of all
 * logits less that one, which cannot overflow.
 */
const rowProgram = (key: string, inputs: readonly string[], finish: string): Program => ({
  key,
  inputs: ['logits', 'labels', ...inputs],
  integers: ['rows', 'classes'],
  workgroup: [LANES, 1, 1],
  source: () => `
    ${workgroupIndex}
    var<workgroup> greatests : array<f32, ${LANES}>;
    var<workgroup> sums : array<f32, ${LANES}>;
    fn combine(i : i32, j : i32) {
      greatests[i] = max(greatests[i], greatests[j]);
      sums[i] += sums[j];
    }
    ${foldWorkgroup}
    ${logarithm}
    fn main() {
      let thread = i32(localIndex);
      let row = workgroupIndex();
      let inside = row < uniforms.rows;
      let start = uniforms.logitsAt + row * uniforms.classes;
      var greatest = -uniforms.INFINITY;
      if (inside) {
        for (var c = thread; c < uniforms.classes; c += ${LANES}) { greatest = max(greatest, logits[start + c]); }
      }
      greatests[thread] = greatest;
      sums[thread] = 0.0;
      foldWorkgroup(${LANES}, 1);
      greatest = greatests[0];
      workgroupBarrier();
      var sum = 0.0;
      if (inside) {
        for (var c = thread; c < uniforms.classes; c += ${LANES}) { sum += exp(logits[start + c] - greatest); }
      }
      sums[thread] = sum;
      foldWorkgroup(${LANES}, 1);
      let logSum = logarithm(sums[0]);
      if (inside) {
        let label = i32(labels[uniforms.labelsAt + row]);
        ${finish}
      }
    }`,
})

const rowLosses = rowProgram(
  'crossEntropies',
  [],
  'if (thread == 0) { result[row] = logSum - (logits[start + label] - greatest); }',
)

const gradient = rowProgram(
  'softmaxCrossEntropyGrad',
  ['dy'],
  `let share = dy[uniforms.dyAt] / f32(uniforms.rows);
  for (var c = thread; c < uniforms.classes; c += ${LANES}) {
    let probability = exp(logits[start + c] - greatest - logSum);
    result[row * uniforms.classes + c] = (probability - select(0.0, 1.0, c == label)) * share;
  }`,
)

const meanProgram: Program = {
  key: 'mean',
  inputs: ['x'],
  integers: ['count'],
  workgroup: [256, 1, 1],
  source: () => `
    var<workgroup> sums : array<f32, 256>;
    fn combine(i : i32, j : i32) { sums[i] += sums[j]; }
    ${foldWorkgroup}
    fn main() {
      let thread = i32(localIndex);
      var sum = 0.0;
      for (var i = thread; i < uniforms.count; i += 256) { sum += x[uniforms.xAt + i]; }
      sums[thread] = sum;
      foldWorkgroup(256, 1);
      if (thread == 0) { result[0] = sums[0] / f32(uniforms.count); }
    }`,
}

type Loss = Pick<Kernels<TfjsTensor>, 'softmaxCrossEntropy' | 'softmaxCrossEntropyGrad'>

/** Two dispatches forward, one back. */
export const loss = ({ launch }: Launcher, { free }: Store): Loss => ({
  softmaxCrossEntropy: (logits, labels) => {
    const [rows, classes] = logits.shape as [number, number]
    const losses = launch(
      rowLosses,
      { inputs: [logits, labels], integers: [rows, classes], workgroups: spread(rows) },
      [rows],
    )
    const mean = launch(meanProgram, { inputs: [losses], integers: [rows], workgroups: [1, 1, 1] }, [])
    free(losses)
    return mean
  },
  softmaxCrossEntropyGrad: (dy, logits, labels) => {
    const [rows, classes] = logits.shape as [number, number]
    return launch(
      gradient,
      { inputs: [logits, labels, dy], integers: [rows, classes], workgroups: spread(rows) },
      logits.shape,
    )
  },
})
