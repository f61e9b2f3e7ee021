import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { columnProgram, columnSums, planColumns, sumProgram } from './column-reduction.js'
import { elementProgram } from './elementwise.js'
import type { Launcher, Program } from './program.js'
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

const momentsProgram = (key: string, loop: string): Program =>
  columnProgram({
    key,
    inputs: ['x'],
    integers: ['total', 'share'],
    declarations: parts,
    begin: 'var part = Part(0.0, 0.0, 0.0);',
    each: { loop },
    store: 'shares[thread] = part;',
    finish: `
      let all = shares[thread];
      let finished = uniforms.chunks == 1;
      let divisor = select(1.0, all.count, finished);
      result[2 * chunk * uniforms.columns + column] = all.sum / divisor;
      result[(2 * chunk + 1) * uniforms.columns + column] = all.squares / divisor;`,
  })

const momentsOfValues = momentsProgram(
  'moments',
  `var row = begin;
  for (; row + ${BLOCK - 1} * lanes < end; row += ${BLOCK} * lanes) {
    ${indices(BLOCK)
      .map(k => `let v${k} = ${value(`row + ${k} * lanes`)};`)
      .join(' ')}
    let sum = ${indices(BLOCK)
      .map(k => `v${k}`)
      .join(' + ')};
    let mean = sum / ${BLOCK}.0;
    ${indices(BLOCK)
      .map(k => `let d${k} = v${k} - mean;`)
      .join(' ')}
    part = merge(part, Part(${BLOCK}.0, sum, ${indices(BLOCK)
      .map(k => `d${k} * d${k}`)
      .join(' + ')}));
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

/** `scaled`: by term, whether it has a scale. */
const affineSumProgram = (scaled: readonly boolean[], shifted: boolean, inPlace: boolean): Program => {
  const terms = scaled.map((has, t) => {
    const x = `x${t}[uniforms.x${t}At + i]`
    return has ? `${x} * scale${t}[uniforms.scale${t}At + c]` : x
  })
  return elementProgram(
    `affineSum ${scaled.map(Number).join('')} ${shifted} ${inPlace}`,
    [...scaled.flatMap((has, t) => (has ? [`x${t}`, `scale${t}`] : [`x${t}`])), ...(shifted ? ['shift'] : [])],
    `let c = i % uniforms.channels;
    result[i] = ${[...(inPlace ? ['result[i]'] : []), ...(shifted ? ['shift[uniforms.shiftAt + c]'] : []), ...terms].join(' + ')};`,
    { integers: ['channels'] },
  )
}

const channelSumsProgram = (count: number): Program =>
  sumProgram(
    `channelSums ${count}`,
    ['dy', ...indices(count).flatMap(t => [`x${t}`, `mean${t}`])],
    ['d', ...indices(count).map(t => `d * (x${t}[uniforms.x${t}At + i] - mean${t}[uniforms.mean${t}At + column])`)],
    'let d = dy[uniforms.dyAt + i];',
  )

const fold = (withGamma: boolean, withBeta: boolean): Program =>
  elementProgram(
    `foldNormalization ${withGamma} ${withBeta}`,
    ['mean', 'variance', ...(withGamma ? ['gamma'] : []), ...(withBeta ? ['beta'] : [])],
    `let reciprocal = 1.0 / sqrt(variance[uniforms.varianceAt + i] + uniforms.epsilon);
    let scale = ${withGamma ? 'gamma[uniforms.gammaAt + i] * reciprocal' : 'reciprocal'};
    result[i] = reciprocal;
    result[uniforms.elements + i] = scale;
    result[2 * uniforms.elements + i] = ${withBeta ? 'beta[uniforms.betaAt + i]' : '0.0'} - mean[uniforms.meanAt + i] * scale;`,
    { floats: ['epsilon'] },
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

type Normalizing = Pick<
  Kernels<TfjsTensor>,
  'moments' | 'affineSum' | 'channelSums' | 'foldNormalization' | 'foldNormalizationGrad'
>

/** Statistics take two dispatches (one where rows are few), what has several results has them in one buffer. */
export const normalizing = (launcher: Launcher, { view, free, exclusive }: Store): Normalizing => {
  const { launch, launchInto, bindings } = launcher

  /** The rows of a matrix as tensors of their own. */
  const rowsOf = (matrix: TfjsTensor): TfjsTensor[] => {
    const [rows, columns] = matrix.shape as [number, number]
    const views = indices(rows).map(row => view(matrix, [columns], matrix.offset + row * columns))
    free(matrix)
    return views
  }

  const channelsOf = (x: TfjsTensor): number => x.shape.at(-1)!

  const channelSums: Normalizing['channelSums'] = (dy, terms) => {
    const here = terms.slice(0, Math.floor((bindings - 2) / 2))
    const channels = channelsOf(dy)
    const { chunks, integers, workgroups } = planColumns(sizeOf(dy.shape) / channels, channels)
    const inputs = [dy, ...here.flatMap(({ x, mean }) => [x, mean])]
    const sums = launch(channelSumsProgram(here.length), { inputs, integers, workgroups }, [
      chunks,
      1 + here.length,
      channels,
    ])
    const columns = (1 + here.length) * channels
    const finish = (): TfjsTensor => {
      const plan = planColumns(chunks, columns, true)
      const whole = launch(columnSums, { inputs: [sums], ...plan }, [1 + here.length, channels])
      return whole
    }
    const whole = chunks === 1 ? view(sums, [1 + here.length, channels]) : finish()
    free(sums)
    const [sum, ...products] = rowsOf(whole)
    if (here.length === terms.length) return { dy: sum!, dyx: products }
    const rest = channelSums(dy, terms.slice(here.length))
    free(rest.dy)
    return { dy: sum!, dyx: [...products, ...rest.dyx] }
  }

  const affineSum: Normalizing['affineSum'] = (terms, shift, into) => {
    const { shape } = terms[0]!.x
    if (into !== undefined && !exclusive(into)) {
      const sum = affineSum([{ x: into }, ...terms], shift)
      free(into)
      return sum
    }
    const elements = sizeOf(shape)
    const sizes = { integers: [elements, shape.at(-1)!], workgroups: spreadElements(elements) }
    let total = into
    let left = terms
    let constant = shift
    while (left.length > 0) {
      let room = bindings - 1 - (constant === undefined ? 0 : 1)
      const fitting = left.findIndex(({ scale }) => {
        room -= scale === undefined ? 1 : 2
        return room < 0
      })
      const here = fitting < 0 ? left : left.slice(0, fitting)
      const inputs = [
        ...here.flatMap(({ x, scale }) => (scale === undefined ? [x] : [x, scale])),
        ...(constant === undefined ? [] : [constant]),
      ]
      const scaled = here.map(({ scale }) => scale !== undefined)
      const program = affineSumProgram(scaled, constant !== undefined, total !== undefined)
      if (total === undefined) total = launch(program, { ...sizes, inputs }, shape)
      else launchInto(program, { ...sizes, inputs }, total)
      left = left.slice(here.length)
      constant = undefined
    }
    return total!
  }

  return {
    channelSums,
    affineSum,
    moments: x => {
      const channels = channelsOf(x)
      const rows = sizeOf(x.shape) / channels
      const { chunks, integers, workgroups } = planColumns(rows, channels)
      const share = integers[3]!
      const partial = launch(momentsOfValues, { inputs: [x], integers: [...integers, rows, share], workgroups }, [
        2 * chunks,
        channels,
      ])
      const finish = (): TfjsTensor => {
        const plan = planColumns(chunks, channels, true)
        const whole = launch(
          momentsOfParts,
          { inputs: [partial], integers: [...plan.integers, rows, share], workgroups: plan.workgroups },
          [2, channels],
        )
        free(partial)
        return whole
      }
      const [mean, variance] = rowsOf(chunks === 1 ? partial : finish())
      return { mean: mean!, variance: variance! }
    },
    foldNormalization: (mean, variance, epsilon, gamma, beta) => {
      const channels = sizeOf(mean.shape)
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
