import type { Backend, Shape, TensorRecord } from '@cpnas/backends'
import type { Centers } from '@cpnas/cp-loss'
import type { Dataset, SplitBatches } from '@cpnas/data'
import {
  type Forward,
  type Genotype,
  latentNames,
  type NetworkKind,
  type NetworkSpec,
  network,
  normalizationShapes,
  parameterShapes,
} from '@cpnas/supernet'
import type { Context } from '../loop/context.js'
import type { Learner, Optimizer } from '../optimizers/optimizer.js'
import { optimizerOf } from '../optimizers/optimizer-of.js'
import type { TrainingConfig } from './config.js'
import type { Moments, Normalizations } from './moments.js'
import { modelSpec, networkKind, trainingSpec } from './spec.js'
import type { Teacher } from './teacher.js'

/** The parts of a training that stay the same. */
export interface RecipeContext<T> extends Context<T, TrainingConfig> {
  readonly data: Dataset
  readonly genotype: Genotype
  readonly kind: NetworkKind
  /** Of the network that is trained, and of the one that is evaluated and kept. */
  readonly spec: { readonly training: NetworkSpec; readonly model: NetworkSpec }
  /** Shapes of the parameters of the network that is trained. */
  readonly shapes: Readonly<Record<string, Shape>>
  /** Of the network that is evaluated. */
  readonly normalizations: Normalizations
  readonly optimizer: Optimizer
  readonly teacher: Teacher<T> | undefined
}

/** The parts of a training that differ between stages. */
export interface Stage {
  /** From 1. */
  readonly number: number
  /** The network that is trained. */
  readonly forward: Forward
  /** The network that is evaluated; its 1-bit filters are given reconstructed. */
  readonly evaluated: Forward
  /** 1-bit filters by their latent weights; none in the first of two stages, whose weights are float. */
  readonly latent: readonly string[]
}

/** Tensors that go from one step to the next. What is undefined begins with the first step of a stage, or is not asked for. */
export interface Carried<T> {
  readonly learner: Learner<T>
  /** Running statistics. */
  readonly moments: Moments<T> | undefined
  /** Moving average of the parameters. */
  readonly average: TensorRecord<T> | undefined
  /** Mean feature maps of the classes. */
  readonly centers: Centers<T> | undefined
}

/** A learner alone: what a stage begins with. */
export const carriedOf = <T>(learner: Learner<T>): Carried<T> => ({
  learner,
  moments: undefined,
  average: undefined,
  centers: undefined,
})

export const makeContext = <T>(
  backend: Backend<T>,
  data: Dataset,
  genotype: Genotype,
  config: TrainingConfig,
  splits: SplitBatches,
  teacher: Teacher<T> | undefined,
  signal: AbortSignal | undefined,
): RecipeContext<T> => {
  const kind = networkKind(config)
  const spec = { training: trainingSpec(config, data), model: modelSpec(config, data) }
  return {
    backend,
    config,
    data,
    genotype,
    kind,
    spec,
    shapes: parameterShapes(spec.training, genotype, kind),
    normalizations: normalizationShapes(spec.model, genotype, kind),
    splits,
    optimizer: optimizerOf(config),
    teacher,
    signal,
  }
}

/** Weights are 1-bit in the last stage of a Child. */
export const stageOf = <T>({ config, genotype, kind, spec }: RecipeContext<T>, number: number): Stage => {
  const binary = kind === 'child' && number === config.stages
  return {
    number,
    forward: network(spec.training, genotype, kind, { filters: binary ? 'latent' : 'given' }),
    evaluated: network(spec.model, genotype, kind, { filters: 'given' }),
    latent: binary ? latentNames(spec.training, genotype) : [],
  }
}
