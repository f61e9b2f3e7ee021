import type { Kernels } from '../../kernels.js'
import { sizeOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { planColumns } from './column-reduction.js'
import type { Launcher } from './program.js'
import {
  channelSumsOfParts,
  channelSumsProgram,
  fold,
  foldGrad,
  indices,
  momentsOfParts,
  momentsOfValues,
} from './statistics-programs.js'
import { spreadElements } from './wgsl.js'

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
