import type { BinaryOperation, Kernels, UnaryOperation } from '../../kernels.js'
import { broadcastShape, type Shape, sizeOf, stridesOf } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { collapse, walk, walkIntegers, walkValues } from './layout.js'
import { family, type Launcher, type Program } from './program.js'
import { logarithm, spreadElements, THREADS } from './wgsl.js'

// A shader's compiler may take for granted that there is no NaN; isnan looks at the bits.
const unaryExpressions: Readonly<Record<UnaryOperation, string>> = {
  neg: '-v',
  exp: 'exp(v)',
  log: 'logarithm(v)',
  sqrt: 'sqrt(v)',
  abs: 'abs(v)',
  relu: 'select(max(v, 0.0), v, isnan(v))',
  sign: 'select(-1.0, 1.0, v >= 0.0 && !isnan(v))',
}

const binaryExpressions: Readonly<Record<BinaryOperation, string>> = {
  add: 'l + r',
  sub: 'l - r',
  mul: 'l * r',
  div: 'l / r',
  max: 'select(max(l, r), l + r, unordered)',
  min: 'select(min(l, r), l + r, unordered)',
  less: 'select(0.0, 1.0, l < r && !unordered)',
  lessEqual: 'select(0.0, 1.0, l <= r && !unordered)',
  equal: 'select(0.0, 1.0, l == r && !unordered)',
}

/** A program with one invocation an element of the result: `body` sees the element's number as `i`. */
export const elementProgram = (
  key: string,
  inputs: readonly string[],
  body: string,
  { declarations = '', ...more }: Pick<Program, 'integers' | 'floats'> & { readonly declarations?: string } = {},
): Program => ({
  ...more,
  key,
  inputs,
  integers: ['elements', ...(more.integers ?? [])],
  workgroup: [THREADS, 1, 1],
  source: () => `${declarations} fn main() { let i = getGlobalIndex(); if (i < uniforms.elements) { ${body} } }`,
})

const at = (name: string): string => `${name}[uniforms.${name}At + i]`

const unaryProgram = family(
  (operation: UnaryOperation): Program =>
    elementProgram(`unary ${operation}`, ['x'], `let v = ${at('x')}; result[i] = ${unaryExpressions[operation]};`, {
      declarations: logarithm,
    }),
)

const binaryProgram = family(
  (operation: BinaryOperation, rank: number): Program =>
    elementProgram(
      `binary ${operation} ${rank}`,
      ['a', 'b'],
      `var aTo = uniforms.aAt;
    var bTo = uniforms.bAt;
    ${walk('', rank, ['aTo', 'bTo'], 'i')}
    let l = a[aTo];
    let r = b[bTo];
    let unordered = isnan(l) || isnan(r);
    result[i] = ${binaryExpressions[operation]};`,
      { integers: walkIntegers('', rank, ['aTo', 'bTo']) },
    ),
)

const combine = elementProgram(
  'linearCombination',
  ['x', 'y'],
  `result[i] = uniforms.factorX * ${at('x')} + uniforms.factorY * ${at('y')};`,
  { floats: ['factorX', 'factorY'] },
)

const addInPlace = elementProgram('accumulate', ['x'], `result[i] += ${at('x')};`)

const constant = elementProgram('fill', [], 'result[i] = uniforms.value;', { floats: ['value'] })

/** Strides of a tensor of `shape` repeated to `target`, aligned at the last axis. */
const broadcastStrides = (shape: Shape, target: Shape): number[] => [
  ...new Array<number>(target.length - shape.length).fill(0),
  ...stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride)),
]

type Elementwise = Pick<Kernels<TfjsTensor>, 'fill' | 'unary' | 'binary' | 'linearCombination' | 'accumulate'>

/** One dispatch each; `accumulate` writes in place where nobody else holds the buffer. */
export const elementwise = ({ launch, launchInto }: Launcher, { exclusive, free }: Store): Elementwise => {
  const overElements = (shape: Shape) => ({ integers: [sizeOf(shape)], workgroups: spreadElements(sizeOf(shape)) })

  const linearCombination: Elementwise['linearCombination'] = (a, x, b, y) =>
    launch(combine, { ...overElements(x.shape), inputs: [x, y], floats: [a, b] }, x.shape)

  return {
    linearCombination,
    fill: (value, shape) => launch(constant, { ...overElements(shape), inputs: [], floats: [value] }, shape),
    unary: (operation, x) => launch(unaryProgram(operation), { ...overElements(x.shape), inputs: [x] }, x.shape),
    binary: (operation, a, b) => {
      const shape = broadcastShape(operation, a.shape, b.shape)
      const layout = collapse(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)])
      const { integers, workgroups } = overElements(shape)
      return launch(
        binaryProgram(operation, layout.sizes.length),
        { inputs: [a, b], integers: [...integers, ...walkValues(layout)], workgroups },
        shape,
      )
    },
    accumulate: (into, x) => {
      if (exclusive(into)) {
        launchInto(addInPlace, { ...overElements(x.shape), inputs: [x] }, into)
        return into
      }
      const sum = linearCombination(1, into, 1, x)
      free(into)
      return sum
    },
  }
}
