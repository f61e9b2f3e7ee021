import { type Backend, sizeOf } from '@cpnas/backends'
import {
  edges,
  type Genotype,
  initialParameters,
  latentNames,
  type NetworkKind,
  type NetworkSpec,
  network,
  operations,
  parameterShapes,
} from '@cpnas/supernet'
import { crossEntropies, type Learner, sgd, trainStep } from '@cpnas/training'
import fc from 'fast-check'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A network with images to learn from. */
export interface Lesson {
  readonly spec: NetworkSpec
  readonly genotype: Genotype
  readonly kind: NetworkKind
  readonly batch: number
  readonly size: number
  readonly seed: number
}

const cell = fc.array(fc.constantFrom(...operations), { minLength: edges.length, maxLength: edges.length })

export const lessons: fc.Arbitrary<Lesson> = fc
  .record({
    spec: fc.record({
      cells: fc.integer({ min: 1, max: 3 }),
      channels: fc.integer({ min: 1, max: 5 }),
      inChannels: fc.integer({ min: 1, max: 3 }),
      classes: fc.integer({ min: 2, max: 10 }),
      sepConvRepeat: fc.constantFrom(1 as const, 2 as const),
      prelu: fc.boolean(),
      preprocessPrecision: fc.constantFrom('binary' as const, 'float' as const),
      estimator: fc.constantFrom('clipped-identity' as const, 'polynomial' as const),
      scale: fc.constantFrom('channel' as const, 'layer' as const),
    }),
    genotype: fc.record({ normal: cell, reduce: cell }),
    kind: fc.constantFrom('child' as const, 'parent' as const),
    batch: fc.integer({ min: 2, max: 4 }),
    size: fc.integer({ min: 4, max: 9 }),
    seed: fc.nat(0x7fffffff),
  })
  .map(lesson => ({ ...lesson, [fc.toStringMethod]: () => JSON.stringify(lesson) }))

const optimizer = sgd()

/** Begins from the initial parameters of the seed. */
export const beginner = <T>(backend: Backend<T>, { spec, genotype, kind, seed }: Lesson): Learner<T> => {
  const shapes = parameterShapes(spec, genotype, kind)
  const parameters = Object.fromEntries(
    Object.entries(initialParameters(shapes, seed)).map(([name, v]) => [name, backend.tensor(v, shapes[name]!)]),
  )
  return { parameters, state: optimizer.init() }
}

/** Images with values in -1.7..1.7 and their labels. */
export const material = <T>(backend: Backend<T>, { spec, batch, size, seed }: Lesson) => {
  const shape = [batch, size, size, spec.inChannels]
  const generator = xoroshiro128plus(seed)
  const images = Float32Array.from({ length: sizeOf(shape) }, () => (uniformFloat64(generator) * 2 - 1) * 1.7)
  const labels = Float32Array.from({ length: batch }, (_, i) => i % spec.classes)
  return { images: backend.tensor(images, shape), labels: backend.tensor(labels, [batch]) }
}

/** One search step: forward, backward, clipping, update. */
export const step = <T>(
  backend: Backend<T>,
  { spec, genotype, kind }: Lesson,
  learner: Learner<T>,
  { images, labels }: { readonly images: T; readonly labels: T },
): { readonly learner: Learner<T>; readonly loss: T } => {
  const objective = crossEntropies(backend, [network(spec, genotype, kind)], images, labels)
  const { learner: next, aux: losses } = trainStep(backend, learner, objective, {
    optimizer,
    learningRate: 0.025,
    gradientClip: 5,
    latent: kind === 'child' ? latentNames(spec, genotype) : [],
  })
  return { learner: next, loss: losses[0]! }
}

/** `count` steps from the start: the losses and all that was learnt, by name. Nothing is left behind. */
export const learn = async <T>(
  backend: Backend<T>,
  lesson: Lesson,
  count: number,
): Promise<Readonly<Record<string, ArrayLike<number>>>> => {
  const data = material(backend, lesson)
  let learner = beginner(backend, lesson)
  const losses: T[] = []
  for (let i = 0; i < count; i++) {
    const { learner: next, loss } = step(backend, lesson, learner, data)
    learner = next
    losses.push(loss)
  }
  const named = {
    ...Object.fromEntries(losses.map((loss, i) => [`loss ${i + 1}`, loss])),
    ...learner.parameters,
    ...Object.fromEntries(
      Object.entries(learner.state).flatMap(([slot, record]) =>
        Object.entries(record).map(([name, x]) => [`${slot} of ${name}`, x]),
      ),
    ),
  }
  const values = await Promise.all(Object.values(named).map(x => backend.read(x)))
  backend.dispose([data, learner, losses])
  return Object.fromEntries(Object.keys(named).map((name, i) => [name, values[i]!]))
}
