import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { columnProgram, planColumns, sumProgram } from './column-reduction.js'
import { elementProgram } from './elementwise.js'
import { family, type Launcher, type Program } from './program.js'
import { spreadElements, THREADS } from './wgsl.js'

/** Values of which mean and squares are computed before they join the others. */
const BLOCK = 8

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

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

const momentsOfValues = momentsProgram(
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
const momentsOfParts = momentsProgram(
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

const channelSumsProgram = family(
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
const channelSumsOfParts = family(
  (count: number, ahead: boolean): Program =>
    sumProgram(
      `channelSumsOfParts ${count} ${ahead}`,
      ['parts', ...(ahead ? indices(count).map(t => `mean${t}`) : [])],
      indices(1 + count).map(t => `parts[uniforms.partsAt + (row * ${1 + count} + ${t}) * uniforms.columns + column]`),
      { integers: ['total'], after: ahead ? gradientsAhead(count) : '' },
    ),
)

const fold = family(
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

const foldGrad = elementProgram(
  'foldNormalizationGrad',
  ['mean', 'reciprocals', 'scale', 'dy', 'dyx'],
  `let reciprocal = reciprocals[uniforms.reciprocalsAt + i];
  let share = -scale[uniforms.scaleAt + i] / uniforms.count;
  let slope = share * reciprocal * reciprocal * dyx[uniforms.dyxAt + i];
  result[i] = slope;
  result[uniforms.elements + i] = share * dy[uniforms.dyAt + i] - slope * mean[uniforms.meanAt + i];`,
  { floats: ['count'] },
)

/** What lies in a buffer that `moments` made, as far as it was not asked for. */
const momentsIn = new WeakMap<object, { readonly epsilon: number }>()

/** What lies in a buffer that `channelSums` made: the gradients of terms with these means, by the place of their dyx. */
const sumsIn = new WeakMap<
  object,
  { readonly count: number; readonly terms: ReadonlyMap<number, { readonly mean: object; readonly slopeAt: number }> }
>()

const isAt = (x: TfjsTensor, buffer: object, offset: number): boolean =>
  x.buffer.dataId === buffer && x.offset === offset

type Statistics = Pick<Kernels<TfjsTensor>, 'moments' | 'channelSums' | 'foldNormalization' | 'foldNormalizationGrad'>

/**
 * Statistics take two dispatches, one where rows are few; those of a tensor are taken once, however many edges begin at it. Along with them is computed what a normalization without gamma and
 * beta needs next, so that folding it, and its gradient, takes none.
 */
export const statistics = ({ launch, bindings }: Launcher, { view, free, derived }: Store): Statistics => {
  /** Rows of a matrix, from the first on, as tensors of their own; the matrix is freed. */
  const rowsOf = (matrix: TfjsTensor, count = matrix.shape[0]!): TfjsTensor[] => {
    const columns = matrix.shape[1]!
    const views = indices(count).map(row => view(matrix, [columns], matrix.offset + row * columns))
    free(matrix)
    return views
  }

  /** The epsilon that normalizations here have: that of the last one. */
  let epsilonAhead = 1e-5

  const channelSums: Statistics['channelSums'] = (dy, terms) => {
    const here = terms.slice(0, Math.floor((bindings - 2) / 2))
    const count = here.length
    const channels = dy.shape.at(-1)!
    const rows = sizeOf(dy.shape) / channels
    const ahead = here.every(({ mean }) => momentsIn.has(mean.buffer.dataId) && mean.offset === 0)
    const { chunks, integers, workgroups } = planColumns(rows, channels)
    const whole = [ahead ? 1 + 3 * count : 1 + count, channels]
    const first = launch(
      channelSumsProgram(count, ahead),
      { inputs: [dy, ...here.flatMap(({ x, mean }) => [x, mean])], integers: [...integers, rows], workgroups },
      chunks === 1 ? whole : [chunks, 1 + count, channels],
    )
    const finish = (): TfjsTensor => {
      const plan = planColumns(chunks, channels, true)
      const finished = launch(
        channelSumsOfParts(count, ahead),
        {
          inputs: [first, ...(ahead ? here.map(({ mean }) => mean) : [])],
          integers: [...plan.integers, rows],
          workgroups: plan.workgroups,
        },
        whole,
      )
      free(first)
      return finished
    }
    const sums = chunks === 1 ? first : finish()
    if (ahead)
      sumsIn.set(sums.buffer.dataId, {
        count: rows,
        terms: new Map(
          here.map(({ mean }, t) => [
            (1 + t) * channels,
            { mean: mean.buffer.dataId, slopeAt: (1 + count + 2 * t) * channels },
          ]),
        ),
      })
    const [sum, ...products] = rowsOf(sums, 1 + count)
    if (count === terms.length) return { dy: sum!, dyx: products }
    const rest = channelSums(dy, terms.slice(count))
    free(rest.dy)
    return { dy: sum!, dyx: [...products, ...rest.dyx] }
  }

  const momentsOf = (x: TfjsTensor): readonly TfjsTensor[] => {
    const channels = x.shape.at(-1)!
    const rows = sizeOf(x.shape) / channels
    const { chunks, integers, workgroups } = planColumns(rows, channels)
    const share = integers[3]!
    const floats = [epsilonAhead]
    const whole = [4, channels]
    const first = launch(
      momentsOfValues,
      { inputs: [x], integers: [...integers, rows, share], floats, workgroups },
      chunks === 1 ? whole : [2 * chunks, channels],
    )
    const finish = (): TfjsTensor => {
      const plan = planColumns(chunks, channels, true)
      const finished = launch(
        momentsOfParts,
        { inputs: [first], integers: [...plan.integers, rows, share], floats, workgroups: plan.workgroups },
        whole,
      )
      free(first)
      return finished
    }
    const both = chunks === 1 ? first : finish()
    momentsIn.set(both.buffer.dataId, { epsilon: epsilonAhead })
    return rowsOf(both, 2)
  }

  return {
    channelSums,
    moments: x => {
      const [mean, variance] = derived(x, 'moments', () => momentsOf(x))
      return { mean: mean!, variance: variance! }
    },
    foldNormalization: (mean, variance, epsilon, gamma, beta) => {
      const channels = sizeOf(mean.shape)
      const home = mean.buffer.dataId
      const isPlain = gamma === undefined && beta === undefined
      if (
        isPlain &&
        momentsIn.get(home)?.epsilon === epsilon &&
        isAt(mean, home, 0) &&
        isAt(variance, home, channels)
      ) {
        const at = (row: number) => view(mean, mean.shape, row * channels)
        return { precision: at(2), scale: at(2), shift: at(3) }
      }
      if (isPlain) epsilonAhead = epsilon
      const inputs = [mean, variance, ...(gamma ? [gamma] : []), ...(beta ? [beta] : [])]
      const [precision, scale, shift] = rowsOf(
        launch(
          fold(gamma !== undefined, beta !== undefined),
          { inputs, integers: [channels], floats: [epsilon], workgroups: spreadElements(channels) },
          [3, channels],
        ),
      )
      return { precision: precision!, scale: scale!, shift: shift! }
    },
    foldNormalizationGrad: (mean, { precision, scale }, { dy, dyx }, count) => {
      const channels = sizeOf(mean.shape)
      const home = mean.buffer.dataId
      const sums = dyx.buffer.dataId
      const ahead = sumsIn.get(sums)
      const term = ahead?.terms.get(dyx.offset)
      if (
        ahead?.count === count &&
        term?.mean === home &&
        isAt(dy, sums, 0) &&
        isAt(mean, home, 0) &&
        isAt(precision, home, 2 * channels) &&
        isAt(scale, home, 2 * channels)
      )
        return {
          slope: view(dyx, mean.shape, term.slopeAt),
          offset: view(dyx, mean.shape, term.slopeAt + channels),
        }
      const [slope, offset] = rowsOf(
        launch(
          foldGrad,
          {
            inputs: [mean, precision, scale, dy, dyx],
            integers: [channels],
            floats: [count],
            workgroups: spreadElements(channels),
          },
          [2, channels],
        ),
      )
      return { slope: slope!, offset: offset! }
    },
  }
}
