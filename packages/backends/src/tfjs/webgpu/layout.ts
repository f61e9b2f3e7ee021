import type { Shape } from '../../shape.js'

/** How to walk through several operands at once: sizes of the axes, outermost first, and each operand's step along them. */
export interface Layout {
  sizes: readonly number[]
  /** By operand, then by axis; 0 where an operand is repeated. */
  readonly strides: readonly (readonly number[])[]
}

/** The same walk in as few axes as possible, at least one: without axes of size 1, and adjacent ones joined where every operand allows. */
export const collapse = (shape: Shape, strides: readonly (readonly number[])[]): Layout => {
  const joined: { readonly size: number; readonly steps: readonly number[] }[] = []
  shape.forEach((size, axis) => {
    if (size === 1) return
    const steps = strides.map(s => s[axis]!)
    const outer = joined.at(-1)
    if (outer?.steps.every((step, operand) => step === steps[operand]! * size))
      joined.splice(-1, 1, { size: outer.size * size, steps })
    else joined.push({ size, steps })
  })
  const all = joined.length === 0 ? [{ size: 1, steps: strides.map(() => 0) }] : joined
  return { sizes: all.map(({ size }) => size), strides: strides.map((_, i) => all.map(({ steps }) => steps[i]!)) }
}

/** Names of the uniforms of a walk: sizes of all axes but the first, then every operand's strides. */
export const walkIntegers = (prefix: string, rank: number, operands: readonly string[]): string[] => [
  ...Array.from({ length: rank - 1 }, (_, axis) => `${prefix}Size${axis + 1}`),
  ...operands.flatMap(name => Array.from({ length: rank }, (_, axis) => `${prefix}${name}Stride${axis}`)),
]

/** Their values. */
export const walkValues = ({ sizes, strides }: Layout): number[] => [...sizes.slice(1), ...strides.flat()]

/** WGSL: adds to `var`s named like the operands how far the element of number `index` lies from an operand's start. */
export const walk = (prefix: string, rank: number, operands: readonly string[], index: string): string => {
  const advance = (axis: number, at: string): string =>
    operands.map(name => `${name} += ${at} * uniforms.${prefix}${name}Stride${axis};`).join(' ')
  const inner = Array.from({ length: rank - 1 }, (_, i) => rank - 1 - i).map(
    axis => `{
      let outer = rest / uniforms.${prefix}Size${axis};
      let here = rest - outer * uniforms.${prefix}Size${axis};
      ${advance(axis, 'here')}
      rest = outer;
    }`,
  )
  return `{ var rest = ${index}; ${inner.join('\n')} ${advance(0, 'rest')} }`
}
