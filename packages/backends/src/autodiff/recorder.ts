import type { Kernels } from '../kernels.js'
import type { Shape } from '../shape.js'
import { type Entry, type GradientAffine, type Node, type Tape, Tensor, tensorsIn } from './tensor.js'

/** An operation that was just run, with what it takes to differentiate it. */
interface Operation<H> {
  readonly name: string
  readonly handle: H
  readonly shape: Shape
  readonly operands: readonly Tensor<H>[]
  readonly backward: Entry<H>['backward']
  /** Default false. */
  readonly takesAffine?: boolean
  readonly saved?: readonly H[]
  readonly kept?: readonly Tensor<H>[]
}

/** Tapes and scopes: the only state of a Backend. */
export interface Recorder<H> {
  readonly kernels: Kernels<H>
  /** A tensor without gradient, in the current scope. */
  untracked(handle: H, shape: Shape): Tensor<H>
  /** The tensor of an operation's result; on the tape if an operand is. */
  record(operation: Operation<H>): Tensor<H>
  isTracked(x: Tensor<H>): boolean
  /** Whether x takes a gradient in the backward pass that is running. */
  receives(x: Tensor<H>): boolean
  /** If x takes a gradient, replaces its sum so far by `gradient(sum so far)`, which consumes its argument. */
  give(x: Tensor<H>, gradient: (into: H | undefined) => H): void
  /**
   * Adds dy * scale + x * slope + offset to the gradient of x, if it takes one. The first one is not materialized: a convolution before x
   * applies the map on the way. dy and scale stay the caller's, slope and offset are consumed.
   */
  giveAffine(x: Tensor<H>, dy: H, factors: Omit<GradientAffine<H>, 'x'>): void
  /** Materializes the gradient of a node, if it is not yet. */
  settle(node: Node<H>): void
  /** Frees the gradient of a node. */
  forget(node: Node<H>): void
  scope<A>(f: () => A): A
  /** Runs f and hands out the tensors made in it, which then belong to no scope. */
  collect<A>(f: () => A): { readonly result: A; readonly made: readonly Tensor<H>[] }
  /** Frees tensors, or leaves them to the tape that still needs them. */
  dispose(xs: readonly Tensor<H>[]): void
  /** Runs f in a scope of its own with a new tape, which ends when f returns. What f returns goes to the enclosing scope. */
  withTape<A>(f: (tape: Tape<H>) => A): A
}

const nested = (name: string): Error =>
  new Error(
    `${name}: an operand is tracked by an enclosing valueAndGrad; derivatives of derivatives are not supported, ` +
      'pass the operand through stopGradient',
  )

export const makeRecorder = <H>(kernels: Kernels<H>): Recorder<H> => {
  const scopes: Set<Tensor<H>>[] = []
  const tapes: Tape<H>[] = []

  const isTracked = (x: Tensor<H>): boolean => x.node?.tape.recording === true

  const release = (x: Tensor<H>): void => {
    const holder = tapes.find(tape => x.node?.tape === tape || tape.operands.has(x))
    if (holder === undefined) kernels.free(x.handle)
    else holder.live.add(x)
  }

  const register = (x: Tensor<H>): Tensor<H> => {
    scopes.at(-1)?.add(x)
    return x
  }

  const inside = <A>(made: Set<Tensor<H>>, f: () => A): A => {
    scopes.push(made)
    try {
      return f()
    } finally {
      scopes.pop()
    }
  }

  const within = <A>(made: Set<Tensor<H>>, f: () => A): A => {
    try {
      const result = inside(made, f)
      if (result instanceof Promise) throw new TypeError('scope: the function must not be asynchronous')
      for (const x of tensorsIn<H>(result)) if (made.delete(x)) register(x)
      return result
    } finally {
      made.forEach(release)
    }
  }

  const freeAll = (handles: readonly H[]): void => {
    for (const handle of handles) kernels.free(handle)
  }

  const receives = (x: Tensor<H>): x is Tensor<H> & { readonly node: Node<H> } =>
    x.node !== undefined && x.node.tape === tapes.at(-1)

  const freeFactors = ({ scale, slope, offset }: GradientAffine<H>): void => freeAll([scale, slope, offset])

  const writeOut = (dy: H, { scale, x, slope, offset }: GradientAffine<H>, into?: H): H =>
    kernels.affineSum(
      [
        { x: dy, scale },
        { x, scale: slope },
      ],
      offset,
      into,
    )

  const forget = (node: Node<H>): void => {
    if (node.gradient !== undefined) kernels.free(node.gradient)
    if (node.affine !== undefined) freeFactors(node.affine)
    node.gradient = undefined
    node.affine = undefined
  }

  const settle = (node: Node<H>): void => {
    if (node.gradient === undefined || node.affine === undefined) return
    const written = writeOut(node.gradient, node.affine)
    forget(node)
    node.gradient = written
  }

  return {
    kernels,
    isTracked,
    receives,
    settle,
    forget,
    untracked: (handle, shape) => register(new Tensor(handle, shape)),
    record: ({ name, handle, shape, operands, backward, takesAffine = false, saved = [], kept = [] }) => {
      const tracked = operands.filter(isTracked)
      const tape = tapes.at(-1)
      if (tape === undefined || tracked.length === 0 || tracked.some(x => x.node?.tape !== tape)) {
        freeAll(saved)
        kept.forEach(release)
        if (tracked.length === 0) return register(new Tensor(handle, shape))
        kernels.free(handle)
        throw nested(name)
      }
      for (const x of operands) if (x.node?.tape !== tape) tape.operands.add(x)
      for (const x of kept) tape.live.add(x)
      const output = register(new Tensor(handle, shape, { tape, gradient: undefined, affine: undefined }))
      tape.entries.push({ output, backward, takesAffine, saved, kept })
      return output
    },
    give: (x, gradient) => {
      if (!receives(x)) return
      settle(x.node)
      x.node.gradient = gradient(x.node.gradient)
    },
    giveAffine: (x, dy, { scale, slope, offset }) => {
      if (!receives(x)) {
        freeAll([slope, offset])
        return
      }
      const { node, handle } = x
      if (node.gradient === undefined) {
        node.gradient = kernels.reshape(dy, x.shape)
        node.affine = { scale: kernels.reshape(scale, kernels.shapeOf(scale)), x: handle, slope, offset }
        return
      }
      settle(node)
      node.gradient = writeOut(dy, { scale, x: handle, slope, offset }, node.gradient)
      freeAll([slope, offset])
    },
    scope: f => within(new Set(), f),
    collect: f => {
      const made = new Set<Tensor<H>>()
      try {
        return { result: inside(made, f), made: [...made] }
      } catch (error) {
        made.forEach(release)
        throw error
      }
    },
    dispose: xs => {
      for (const x of xs) {
        scopes.findLast(scope => scope.delete(x))
        release(x)
      }
    },
    withTape: f => {
      const tape: Tape<H> = { recording: true, entries: [], operands: new Set(), live: new Set() }
      tapes.push(tape)
      return within(tape.live, () => {
        try {
          return f(tape)
        } finally {
          tape.recording = false
          tapes.pop()
          for (const { saved } of tape.entries) freeAll(saved)
          for (const { node } of tape.live) if (node?.tape === tape) forget(node)
        }
      })
    },
  }
}
