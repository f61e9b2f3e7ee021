import type { Kernels } from '../../kernels.js'
import { type Shape, sizeOf, stridesOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { elementProgram } from './elementwise.js'
import { collapse, walk, walkIntegers, walkValues } from './layout.js'
import { family, type Launcher, type Program } from './program.js'
import { spreadElements } from './wgsl.js'

const gatherProgram = family(
  (rank: number): Program =>
    elementProgram(
      `gather ${rank}`,
      ['x'],
      `var place = uniforms.xAt + uniforms.begin; ${walk('', rank, ['place'], 'i')} result[i] = x[place];`,
      { integers: ['begin', ...walkIntegers('', rank, ['place'])] },
    ),
)

const padProgram = family((rank: number): Program => {
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  return elementProgram(
    `pad ${rank}`,
    ['x'],
    `var rest = i;
    var step = 1;
    var place = uniforms.xAt;
    var inside = true;
    ${axes
      .toReversed()
      .map(
        axis => `{
          let outer = rest / uniforms.padded${axis};
          let here = rest - outer * uniforms.padded${axis} - uniforms.before${axis};
          inside = inside && here >= 0 && here < uniforms.size${axis};
          place += here * step;
          step *= uniforms.size${axis};
          rest = outer;
        }`,
      )
      .join('\n')}
    if (inside) { result[i] = x[place]; } else { result[i] = 0.0; }`,
    { integers: axes.flatMap(axis => [`padded${axis}`, `before${axis}`, `size${axis}`]) },
  )
})

/** Writes `count` operands beside each other into columns `begin`.. of the result, of `total` columns. */
const concatProgram = family((count: number): Program => {
  const operands = Array.from({ length: count }, (_, i) => i)
  return elementProgram(
    `concat ${count}`,
    operands.map(i => `x${i}`),
    `let row = i / uniforms.columns;
    var column = i - row * uniforms.columns;
    let to = row * uniforms.total + uniforms.begin + column;
    ${operands
      .map(
        i => `if (column < uniforms.width${i}) {
          result[to] = x${i}[uniforms.x${i}At + row * uniforms.width${i} + column];
          return;
        }
        column -= uniforms.width${i};`,
      )
      .join('\n')}`,
    { integers: ['columns', 'total', 'begin', ...operands.map(i => `width${i}`)] },
  )
})

interface PaddedAxis {
  readonly padded: number
  readonly before: number
  readonly size: number
}

/** Axes that are not padded are joined to the one before them. */
const paddedAxes = (shape: Shape, before: readonly number[], after: readonly number[]): readonly PaddedAxis[] => {
  const axes: PaddedAxis[] = []
  shape.forEach((size, axis) => {
    const padded = before[axis]! + size + after[axis]!
    const outer = axes.at(-1)
    if (outer !== undefined && padded === size)
      axes.splice(-1, 1, { padded: outer.padded * size, before: outer.before * size, size: outer.size * size })
    else axes.push({ padded, before: before[axis]!, size })
  })
  return axes
}

interface Moving extends Pick<Kernels<TfjsTensor>, 'reshape' | 'transpose' | 'slice' | 'pad' | 'concat'> {
  /** The same values in a buffer of their own size: x's, or that of a copy. */
  own(x: TfjsTensor): TfjsTensor
}

/** One dispatch each, and none where the values already lie in order: `reshape`, and a `slice` or `transpose` in one piece. */
export const moving = ({ launch, launchInto, bindings }: Launcher, { view }: Store): Moving => {
  const gather = (x: TfjsTensor, shape: Shape, strides: readonly number[], begin: number): TfjsTensor => {
    const layout = collapse(shape, [strides])
    const { sizes } = layout
    if (sizes.length === 1 && (sizes[0] === 1 || layout.strides[0]![0] === 1)) return view(x, shape, x.offset + begin)
    const elements = sizeOf(shape)
    return launch(
      gatherProgram(sizes.length),
      { inputs: [x], integers: [elements, begin, ...walkValues(layout)], workgroups: spreadElements(elements) },
      shape,
    )
  }

  return {
    own: x => {
      const size = sizeOf(x.shape)
      if (size === sizeOf(x.buffer.shape)) return view(x, x.shape)
      return launch(
        gatherProgram(1),
        { inputs: [x], integers: [size, 0, 1], workgroups: spreadElements(size) },
        x.shape,
      )
    },
    reshape: view,
    transpose: (x, permutation) => {
      const strides = stridesOf(x.shape)
      return gather(
        x,
        permutation.map(axis => x.shape[axis]!),
        permutation.map(axis => strides[axis]!),
        0,
      )
    },
    slice: (x, begin, size) => {
      const strides = stridesOf(x.shape)
      return gather(
        x,
        size,
        strides,
        strides.reduce((sum, stride, axis) => sum + stride * begin[axis]!, 0),
      )
    },
    pad: (x, before, after) => {
      const axes = paddedAxes(x.shape, before, after)
      const shape = x.shape.map((size, axis) => before[axis]! + size + after[axis]!)
      const elements = sizeOf(shape)
      const integers = [elements, ...axes.flatMap(({ padded, before, size }) => [padded, before, size])]
      return launch(padProgram(axes.length), { inputs: [x], integers, workgroups: spreadElements(elements) }, shape)
    },
    concat: (xs, axis) => {
      const shape = xs[0]!.shape.with(
        axis,
        xs.reduce((sum, x) => sum + x.shape[axis]!, 0),
      )
      const rows = sizeOf(shape.slice(0, axis))
      const total = sizeOf(shape.slice(axis))
      const perLaunch = bindings - 1
      let begin = 0
      let result: TfjsTensor | undefined
      for (let first = 0; first < xs.length; first += perLaunch) {
        const inputs = xs.slice(first, first + perLaunch)
        const widths = inputs.map(x => sizeOf(x.shape.slice(axis)))
        const columns = widths.reduce((a, b) => a + b, 0)
        const launched = {
          inputs,
          integers: [rows * columns, columns, total, begin, ...widths],
          workgroups: spreadElements(rows * columns),
        }
        const program = concatProgram(inputs.length)
        if (result === undefined) result = launch(program, launched, shape)
        else launchInto(program, launched, result)
        begin += columns
      }
      return result!
    },
  }
}
