import type { Backend, TensorRecord } from '../backend.js'
import { ShapeError } from '../errors.js'
import { formatShape } from '../shape.js'
import { checkIs } from './check.js'
import { addSame } from './gradient.js'
import type { Recorder } from './recorder.js'
import { type Node, type Tape, Tensor, tensorsIn } from './tensor.js'

type Differentiating<H> = Pick<Backend<Tensor<H>>, 'stopGradient' | 'customGrad' | 'valueAndGrad'>

export const differentiating = <H>(recorder: Recorder<H>): Differentiating<H> => {
  const { kernels, record, give, untracked, isTracked, scope, collect, dispose, settle, forget, withTape } = recorder

  const alias = (x: Tensor<H>): H => kernels.reshape(x.handle, x.shape)

  /** Runs the tape backwards, freeing each entry's gradient and, unless it is `returned`, its result as soon as it is done. */
  const propagate = ({ entries, live }: Tape<H>, returned: ReadonlySet<Tensor<H>>): void => {
    for (let entry = entries.at(-1); entry !== undefined; entry = entries.at(-1)) {
      const { output, backward, takesAffine, saved, kept } = entry
      const { node } = output
      if (node?.gradient !== undefined) {
        if (!takesAffine) settle(node)
        backward(node.gradient, node.affine)
        forget(node)
      }
      for (const handle of saved) kernels.free(handle)
      for (const x of [output, ...kept]) if (!returned.has(x) && live.delete(x)) kernels.free(x.handle)
      entries.pop()
    }
  }

  const valueAndGrad = <P extends TensorRecord<Tensor<H>>, A>(
    f: (parameters: P) => { readonly value: Tensor<H>; readonly aux?: A },
    parameters: P,
  ) => {
    const names = Object.keys(parameters)
    const outer = names.find(name => isTracked(parameters[name]!))
    if (outer !== undefined)
      throw new Error(
        `valueAndGrad: the parameter ${outer} is tracked by an enclosing valueAndGrad; ` +
          'derivatives of derivatives are not supported, pass it through stopGradient',
      )
    return withTape(tape => {
      const tracked = names.map(name => {
        const x = parameters[name]!
        const node: Node<H> = { tape, gradient: undefined, affine: undefined }
        const twin = new Tensor(alias(x), x.shape, node)
        tape.live.add(twin)
        return { node, twin, shape: x.shape }
      })
      const { value, aux } = f(Object.fromEntries(names.map((name, i) => [name, tracked[i]!.twin])) as P)
      if (value.shape.length > 0)
        throw new ShapeError(`valueAndGrad: the value must have the shape [], got ${formatShape(value.shape)}`)
      tape.recording = false
      if (value.node?.tape === tape) value.node.gradient = kernels.fill(1, [])
      propagate(tape, new Set(tensorsIn<H>([value, aux])))
      const gradients = Object.fromEntries(
        tracked.map(({ node, shape }, i) => {
          settle(node)
          const gradient = node.gradient ?? kernels.fill(0, shape)
          node.gradient = undefined
          return [names[i]!, untracked(gradient, shape)]
        }),
      ) as { readonly [K in keyof P]: Tensor<H> }
      return { value, gradients, aux: aux as A }
    })
  }

  return {
    valueAndGrad,
    stopGradient: x => untracked(alias(x), x.shape),
    customGrad:
      f =>
      (...xs) => {
        const { result, made } = collect(() => f(...xs.map(x => untracked(alias(x), x.shape))))
        const { value, gradient } = result
        if (isTracked(value)) {
          dispose(made)
          throw new Error('customGrad: the value depends on a tracked tensor that is not one of the operands')
        }
        return record({
          name: 'customGrad',
          handle: alias(value),
          shape: value.shape,
          operands: xs,
          kept: made,
          backward: dy =>
            scope(() => {
              const gradients = gradient(untracked(kernels.reshape(dy, value.shape), value.shape))
              if (gradients.length !== xs.length)
                throw new ShapeError(`customGrad: ${gradients.length} gradients for ${xs.length} operands`)
              xs.forEach((x, i) => {
                const given = gradients[i]!
                checkIs('customGrad', `the gradient of operand ${i}`, given.shape, x.shape)
                give(x, into => addSame(kernels, into, given.handle, x.shape))
              })
            }),
        })
      },
  }
}
