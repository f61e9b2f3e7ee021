import type { Window } from '../program.js'

/** How a window slides along one axis of a map. */
export interface Axis {
  readonly outputs: number
  /** Pixels that it meets before the first and after the last of the map. */
  readonly before: number
  readonly after: number
  /** Where its first tap is for the first output, counted from the first pixel of what is before the map. */
  readonly start: number
  /** For each output which taps are outside of the map. */
  readonly outside: readonly (readonly boolean[])[]
}

export const axisOf = ({ size, stride, dilation, shift }: Window, length: number): Axis => {
  const outputs = Math.ceil(length / stride)
  const first = shift - (dilation * (size - 1)) / 2
  const last = (outputs - 1) * stride + first + dilation * (size - 1)
  const before = Math.max(0, -first)
  return {
    outputs,
    before,
    after: Math.max(0, last - (length - 1)),
    start: first + before,
    outside: Array.from({ length: outputs }, (_, y) =>
      Array.from({ length: size }, (_, i) => {
        const pixel = y * stride + first + dilation * i
        return pixel < 0 || pixel >= length
      }),
    ),
  }
}

/** The different members of a list, and which of them each one is. */
export const classify = <A>(list: readonly A[]): { readonly classes: readonly A[]; readonly of: readonly number[] } => {
  const known = new Map<string, number>()
  const classes: A[] = []
  const of = list.map(member => {
    const key = JSON.stringify(member)
    if (!known.has(key)) known.set(key, classes.push(member) - 1)
    return known.get(key)!
  })
  return { classes, of }
}
