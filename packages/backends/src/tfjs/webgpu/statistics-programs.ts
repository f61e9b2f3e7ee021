import { columnProgram, sumProgram } from './column-reduction.js'
import { elementProgram } from './elementwise.js'
import { family, type Program } from './program.js'
import { THREADS } from './wgsl.js'

/** Values of which mean and squares are computed before they join the others. */
const BLOCK = 8

export const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Sums, and sums of squared differences from the mean, are merged as Chan, Golub and LeVeque 1979. */
const parts = `
  struct Part { count : f32, sum : f32, squares : f32 };
  fn merge(a : Part, b : Part) -> Part {
    if (b.count == 0.0) { return a; }
    if (a.count == 0.0) { return b; }
    let count = a.count + b.count;
    let difference = b.sum / b.count - a.sum / a.count;
    return Part(count, a.sum + b.sum, a.squares + b.squares + difference * difference * (a.count * b.count / count));
  }
  var<workgroup> shares : array<Part, ${THREADS}>;
  fn combine(i : i32, j : i32) { shares[i] = merge(shares[i], shares[j]); }`

const value = (row: string): string => `x[uniforms.xAt + (${row}) * uniforms.columns + column]`

/**
 * Of several chunks, [chunks, 2, columns]: sums and squares. Of one [4, columns]: mean, variance, and what a normalization
 * without gamma and beta makes of them, precision (its scale too) and shift.
 */
const momentsProgram = (key: string, loop: string): Program =>
  columnProgram({
    key,
    inputs: ['x'],
    integers: ['total', 'share'],
    floats: ['epsilon'],
    declarations: parts,
    begin: 'var part = Part(0.0, 0.0, 0.0);',
    each: { loop },
    store: 'shares[thread] = part;',
    finish: `
      let all = shares[thread];
      if (uniforms.chunks > 1) {
        result[2 * chunk * uniforms.columns + column] = all.sum;
        result[(2 * chunk + 1) * uniforms.columns + column] = all.squares;
      } else {
        let mean = all.sum / all.count;
        let variance = all.squares / all.count;
        let reciprocal = 1.0 / sqrt(variance + uniforms.epsilon);
        result[column] = mean;
        result[uniforms.columns + column] = variance;
        result[2 * uniforms.columns + column] = reciprocal;
        result[3 * uniforms.columns + column] = 0.0 - mean * reciprocal;
      }`,
  })

const block = (f: (k: number) => string, separator = ' '): string => indices(BLOCK).map(f).join(separator)

export const momentsOfValues = momentsProgram(
  'moments',
  `var row = begin;
  for (; row + ${BLOCK - 1} * lanes < end; row += ${BLOCK} * lanes) {
    ${block(k => `let v${k} = ${value(`row + ${k} * lanes`)};`)}
    let sum = ${block(k => `v${k}`, ' + ')};
    let mean = sum / ${BLOCK}.0;
    ${block(k => `let d${k} = v${k} - mean;`)}
    part = merge(part, Part(${BLOCK}.0, sum, ${block(k => `d${k} * d${k}`, ' + ')}));
  }
  for (; row < end; row += lanes) {
    let v = ${value('row')};
    part = merge(part, Part(1.0, v, v - v));
  }`,
)

/** Rows are the chunks of `momentsOfValues`, of `share` values each, the last of what is left of `total`. */
export const momentsOfParts = momentsProgram(
  'momentsOfParts',
  `for (var row = begin; row < end; row += lanes) {
    let count = f32(min(uniforms.share, uniforms.total - row * uniforms.share));
    part = merge(part, Part(count, ${value('2 * row')}, ${value('2 * row + 1')}));
  }`,
)

/**
 * Besides the sums, where they are whole, per term what `foldNormalizationGrad` makes of them, slope and offset, if its
 * precision and scale are those that lie beside the term's mean.
 */
const gradientsAhead = (count: number): string =>
  `if (uniforms.chunks == 1) { ${indices(count)
    .map(
      t => `{
        let reciprocal = mean${t}[uniforms.mean${t}At + 2 * uniforms.columns + column];
        let share = -reciprocal / f32(uniforms.total);
        let slope = share * reciprocal * reciprocal * sums${t + 1}[thread];
        result[${1 + count + 2 * t} * uniforms.columns + column] = slope;
        result[${2 + count + 2 * t} * uniforms.columns + column] =
          share * sums0[thread] - slope * mean${t}[uniforms.mean${t}At + column];
      }`,
    )
    .join('\n')} }`

export const channelSumsProgram = family(
  (count: number, ahead: boolean): Program =>
    sumProgram(
      `channelSums ${count} ${ahead}`,
      ['dy', ...indices(count).flatMap(t => [`x${t}`, `mean${t}`])],
      ['d', ...indices(count).map(t => `d * (x${t}[uniforms.x${t}At + i] - mean${t}[uniforms.mean${t}At + column])`)],
      {
        integers: ['total'],
        before: 'let d = dy[uniforms.dyAt + i];',
        after: ahead ? gradientsAhead(count) : '',
      },
    ),
)

/** Rows are the chunks of `channelSumsProgram`. */
export const channelSumsOfParts = family(
  (count: number, ahead: boolean): Program =>
    sumProgram(
      `channelSumsOfParts ${count} ${ahead}`,
      ['parts', ...(ahead ? indices(count).map(t => `mean${t}`) : [])],
      indices(1 + count).map(t => `parts[uniforms.partsAt + (row * ${1 + count} + ${t}) * uniforms.columns + column]`),
      { integers: ['total'], after: ahead ? gradientsAhead(count) : '' },
    ),
)

export const fold = family(
  (withGamma: boolean, withBeta: boolean): Program =>
    elementProgram(
      `foldNormalization ${withGamma} ${withBeta}`,
      ['mean', 'variance', ...(withGamma ? ['gamma'] : []), ...(withBeta ? ['beta'] : [])],
      `let reciprocal = 1.0 / sqrt(variance[uniforms.varianceAt + i] + uniforms.epsilon);
    let scale = ${withGamma ? 'gamma[uniforms.gammaAt + i] * reciprocal' : 'reciprocal'};
    result[i] = reciprocal;
    result[uniforms.elements + i] = scale;
    result[2 * uniforms.elements + i] = ${withBeta ? 'beta[uniforms.betaAt + i]' : '0.0'} - mean[uniforms.meanAt + i] * scale;`,
      { floats: ['epsilon'] },
    ),
)

export const foldGrad = elementProgram(
  'foldNormalizationGrad',
  ['mean', 'reciprocals', 'scale', 'dy', 'dyx'],
  `let reciprocal = reciprocals[uniforms.reciprocalsAt + i];
  let share = -scale[uniforms.scaleAt + i] / uniforms.count;
  let slope = share * reciprocal * reciprocal * dyx[uniforms.dyxAt + i];
  result[i] = slope;
  result[uniforms.elements + i] = share * dy[uniforms.dyAt + i] - slope * mean[uniforms.meanAt + i];`,
  { floats: ['count'] },
)
