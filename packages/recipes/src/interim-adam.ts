import type { Backend } from '@cpnas/backends'
import type { Learner, Optimizer, UpdateOptions } from '@cpnas/training'

export const adam = ({
  beta1,
  beta2,
  weightDecay,
}: {
  beta1: number
  beta2: number
  weightDecay: number
}): Optimizer => ({
  init: () => ({ first: {}, second: {} }),
  update: <T>(
    b: Backend<T>,
    gradients: Readonly<Record<string, T>>,
    { parameters, state }: Learner<T>,
    { learningRate, factor, limits = {}, step = 1 }: UpdateOptions<T> & { step?: number },
  ) => {
    const next = { parameters: { ...parameters }, first: {} as Record<string, T>, second: {} as Record<string, T> }
    for (const name of Object.keys(gradients)) {
      const p = parameters[name]!
      const g0 = factor === undefined ? gradients[name]! : b.mul(gradients[name]!, factor)
      const g = b.linearCombination(1, g0, weightDecay, p)
      const m0 = state.first?.[name]
      const v0 = state.second?.[name]
      const g2 = b.mul(g, g)
      const m = m0 ? b.linearCombination(beta1, m0, 1 - beta1, g) : b.mul(g, 1 - beta1)
      const v = v0 ? b.linearCombination(beta2, v0, 1 - beta2, g2) : b.mul(g2, 1 - beta2)
      const denominator = b.add(b.div(b.sqrt(v), Math.sqrt(1 - beta2 ** step)), 1e-8)
      const q = b.sub(p, b.mul(b.div(m, denominator), learningRate / (1 - beta1 ** step)))
      const limit = limits[name]
      ;(next.parameters as Record<string, T>)[name] = limit === undefined ? q : b.max(b.min(q, limit), -limit)
      next.first[name] = m
      next.second[name] = v
    }
    return { parameters: next.parameters, state: { first: next.first, second: next.second } }
  },
})
