import { type Backend, sizeOf } from '@cpnas/backends'
import {
  cpNas,
  type ForwardMode,
  type Genotype,
  initialParameters,
  latentNames,
  type NetworkKind,
  type NetworkSpec,
  network,
  parameterShapes,
} from '@cpnas/supernet'
import { type Learner, newLearner, sgd, trainStep } from '@cpnas/training'
import fc from 'fast-check'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

const { edges } = cpNas
const operations = cpNas.operations.map(({ name }) => name)

/** A network with images to learn from. */
export interface Lesson {
  readonly spec: NetworkSpec
  readonly genotype: Genotype
  readonly kind: NetworkKind
  readonly batch: number
  readonly size: number
  readonly seed: number
  /** Whether every other image goes without an edge's term. Default false. */
  readonly dropPath?: boolean
}

const cell = fc.array(fc.constantFrom(...operations), { minLength: edges.length, maxLength: edges.length })

export const lessons: fc.Arbitrary<Lesson> = fc
  .record({
    spec: fc.record({
      cells: fc.integer({ min: 1, max: 3 }),
      // The ImageNet stem needs two.
      channels: fc.integer({ min: 2, max: 5 }),
      inChannels: fc.integer({ min: 1, max: 3 }),
      classes: fc.integer({ min: 2, max: 10 }),
      sepConvRepeat: fc.constantFrom(1 as const, 2 as const),
      prelu: fc.boolean(),
      preprocessPrecision: fc.constantFrom('binary' as const, 'float' as const),
      estimator: fc.constantFrom('clipped-identity' as const, 'polynomial' as const),
      scale: fc.constantFrom('channel' as const, 'layer' as const),
      affine: fc.boolean(),
      stem: fc.constantFrom('cifar' as const, 'imagenet' as const),
      auxiliary: fc.boolean(),
    }),
    genotype: fc.record({ normal: cell, reduce: cell }),
    kind: fc.constantFrom('child' as const, 'parent' as const),
    batch: fc.integer({ min: 2, max: 4 }),
    size: fc.integer({ min: 4, max: 9 }),
    seed: fc.nat(0x7fffffff),
    dropPath: fc.boolean(),
  })
  .map(lesson => ({ ...lesson, [fc.toStringMethod]: () => JSON.stringify(lesson) }))

const optimizer = sgd()

/** Begins from the initial parameters of the seed. */
export const beginner = <T>(backend: Backend<T>, { spec, genotype, kind, seed }: Lesson): Learner<T> => {
  const shapes = parameterShapes(spec, genotype, kind)
  const parameters = Object.fromEntries(
    Object.entries(initialParameters(shapes, seed)).map(([name, v]) => [name, backend.tensor(v, shapes[name]!)]),
  )
  return newLearner(optimizer, parameters)
}

/** Images with values in -1.7..1.7 and their labels. */
export const material = <T>(backend: Backend<T>, { spec, batch, size, seed }: Lesson) => {
  const shape = [batch, size, size, spec.inChannels]
  const generator = xoroshiro128plus(seed)
  const images = Float32Array.from({ length: sizeOf(shape) }, () => (uniformFloat64(generator) * 2 - 1) * 1.7)
  const labels = Float32Array.from({ length: batch }, (_, i) => i % spec.classes)
  return { images: backend.tensor(images, shape), labels: backend.tensor(labels, [batch]) }
}

/** What a step leaves beside the learner: its loss, and the batch's statistics as `ForwardMode.statistics` names them. */
interface Leavings<T> {
  readonly loss: T
  readonly statistics: Readonly<Record<string, T>>
}

/** One training step: forward, with the auxiliary head and drop-path where the lesson has them; backward, clipping, update. */
export const step = <T>(
  backend: Backend<T>,
  { spec, genotype, kind, batch, dropPath = false }: Lesson,
  learner: Learner<T>,
  { images, labels }: { readonly images: T; readonly labels: T },
): { readonly learner: Learner<T> } & Leavings<T> => {
  const masks = (first: number): T =>
    backend.tensor(
      Float32Array.from({ length: batch }, (_, i) => 2 * ((first + i) % 2)),
      [batch, 1, 1, 1],
    )
  const objective = (parameters: Readonly<Record<string, T>>): { readonly value: T; readonly aux: Leavings<T> } => {
    const statistics: Record<string, T> = {}
    let asked = 0
    const mode: ForwardMode<T> = {
      observe: (name, { mean, variance }) => {
        statistics[`${name}.mean`] = mean
        statistics[`${name}.variance`] = variance
      },
      dropPath: dropPath ? () => masks(asked++) : undefined,
      auxiliary: spec.auxiliary,
    }
    const { logits, auxiliary } = network(spec, genotype, kind)(backend, parameters, images, mode)
    const main = backend.softmaxCrossEntropy(logits, labels)
    const loss =
      auxiliary === undefined
        ? main
        : backend.add(main, backend.mul(backend.softmaxCrossEntropy(auxiliary, labels), 0.4))
    return { value: loss, aux: { loss, statistics } }
  }
  const { learner: next, aux } = trainStep(backend, learner, objective, {
    optimizer,
    learningRate: 0.025,
    gradientClip: 5,
    latent: kind === 'child' ? latentNames(spec, genotype) : [],
  })
  return { learner: next, ...aux }
}

/**
 * `count` steps from the start, then a look at the images with the last step's statistics: the losses, all that was learnt, by
 * name, and the logits. Nothing is left behind.
 */
export const learn = async <T>(
  backend: Backend<T>,
  lesson: Lesson,
  count: number,
): Promise<Readonly<Record<string, ArrayLike<number>>>> => {
  const { spec, genotype, kind } = lesson
  const data = material(backend, lesson)
  let learner = beginner(backend, lesson)
  const losses: T[] = []
  let statistics: Readonly<Record<string, T>> = {}
  for (let i = 0; i < count; i++) {
    backend.dispose(statistics)
    const { learner: next, loss, statistics: observed } = step(backend, lesson, learner, data)
    learner = next
    losses.push(loss)
    statistics = observed
  }
  const logits = backend.scope(
    () => network(spec, genotype, kind)(backend, learner.parameters, data.images, { statistics }).logits,
  )
  const named = {
    ...Object.fromEntries(losses.map((loss, i) => [`loss ${i + 1}`, loss])),
    ...learner.parameters,
    ...Object.fromEntries(
      Object.entries(learner.state).flatMap(([slot, record]) =>
        Object.entries(record).map(([name, x]) => [`${slot} of ${name}`, x]),
      ),
    ),
    logits,
  }
  const values = await Promise.all(Object.values(named).map(x => backend.read(x)))
  backend.dispose([data, learner, losses, statistics, logits])
  return Object.fromEntries(Object.keys(named).map((name, i) => [name, values[i]!]))
}
