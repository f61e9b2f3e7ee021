import { type CpnasError, cpnasError, kebabCase } from '@cpnas/core'
import type { Genotype } from '@cpnas/supernet'
import type { TrainingConfig } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ImagesMeasured, PlannedRun } from '../inner-runs.js'
import { type AblationConfig, checkAblationConfig, flatten, places, unflatten, withGivenFlat } from './options.js'
import { type Assignment, assignments, label, ofSide, type Vary } from './vary.js'

/** The work of an ablation: everything but its data and engine. */
export interface AblationWork {
  readonly vary: readonly Vary[]
  /** Runs of every combination of values, each with a seed of its own. */
  readonly seeds: number
  /** What accuracies are compared on. */
  readonly on: ImagesMeasured
  /** Whether Parents are trained, too. */
  readonly parents: boolean
  /** The cells that all runs train; undefined: each trains those of a search. */
  readonly genotype: Genotype | undefined
  /** The teacher of trainings with a distillation weight: the directory of a training or a model file. */
  readonly teacher: string | undefined
  readonly config: AblationConfig
}

/** One combination of values with one seed: the names of its runs. */
export interface Trial {
  readonly assignment: Assignment
  readonly seed: number
  readonly search: string | undefined
  readonly training: string
  readonly parent: string | undefined
}

/** Options that do not affect a Parent. */
const childOnly = [
  ...['filterWeight', 'stages', 'precision', 'estimator', 'scale', 'prelu', 'preprocessPrecision'],
  ...['distillationWeight', 'temperature', 'cpTarget'],
].flatMap(name => [name, `train${name[0]!.toUpperCase()}${name.slice(1)}`])

const nameOf = (folder: string, assignment: Assignment, seed: number): string =>
  [folder, label(assignment), `seed-${seed}`].filter(part => part !== '').join('/')

/** Where the loss holds a Child to its Parent, the Parent has none of it. */
const withoutParent = ({ cpTarget }: TrainingConfig): Partial<TrainingConfig> =>
  cpTarget === 'parent' ? { cpTarget: 'own', filterWeight: 0, lambda: 0 } : {}

/** The configuration with a seed and with some values in place of its own; all strategies have the evaluator of the configuration. */
const configOfTrial = (config: AblationConfig, assignment: Assignment, seed: number): AblationConfig =>
  unflatten(withGivenFlat(flatten(config), { evaluator: config.search.evaluator, ...assignment, seed }))

/**
 * Every combination of values with every seed, and the runs they need, each once and after those it needs: trials that differ
 * in options of the training only share a search, and Parents are shared by trials that differ in options of the Child only.
 * Parents have no teacher.
 * Seeds come one after the other, so that all values have been seen once before any is seen twice.
 */
export const planTrials = ({
  vary,
  seeds,
  parents,
  genotype,
  config,
}: AblationWork): { readonly trials: readonly Trial[]; readonly runs: readonly PlannedRun[] } => {
  const runs = new Map<string, PlannedRun>()
  const trials: Trial[] = []
  for (let i = 0; i < seeds; i++) {
    const seed = config.search.seed + i
    for (const assignment of assignments(vary)) {
      const { search: searchConfig, training: trainingConfig } = configOfTrial(config, assignment, seed)
      const search = genotype ? undefined : nameOf('searches', ofSide(assignment, 'search'), seed)
      const training = nameOf('trainings', assignment, seed)
      const ofParent = Object.fromEntries(Object.entries(assignment).filter(([name]) => !childOnly.includes(name)))
      const parent = parents ? nameOf('parents', ofParent, seed) : undefined
      if (search !== undefined && !runs.has(search))
        runs.set(search, { kind: 'search', name: search, config: searchConfig })
      runs.set(training, { kind: 'training', name: training, config: trainingConfig, search })
      if (parent !== undefined && !runs.has(parent)) {
        const { training: own } = configOfTrial(config, ofParent, seed)
        const asParent: TrainingConfig = {
          ...own,
          precision: 'float',
          stages: 1,
          distillationWeight: 0,
          ...withoutParent(own),
        }
        runs.set(parent, { kind: 'training', name: parent, config: asParent, search })
      }
      trials.push({ assignment, seed, search, training, parent })
    }
  }
  return { trials, runs: [...runs.values()] }
}

const refuse = (problem: string, remedy: string): E.Either<CpnasError, never> =>
  E.left(cpnasError('InvalidOption', 'vary', problem, remedy))

/** Checks that every option can be varied and that every combination of values is a valid configuration. Error InvalidOption. */
export const checkVary = (
  vary: readonly Vary[],
  work: Omit<AblationWork, 'vary'>,
): E.Either<CpnasError, AblationWork> => {
  if (vary.length === 0)
    return refuse(
      'is missing: there is nothing to compare',
      'Name a hyper-parameter and its values with `vary`, e.g. beta-p=0,0.5,1,1.5,2',
    )
  const twice = vary.find(({ name }, i) => vary.findIndex(other => other.name === name) < i)
  if (twice) return refuse(`names ${kebabCase(twice.name)} twice`, 'Give all its values at once')
  const idle = vary.find(({ name }) => work.genotype !== undefined && places[name]!.side === 'search')
  if (idle)
    return refuse(
      `${kebabCase(idle.name)} is an option of the search, and with \`genotype\` there is none`,
      'Leave `genotype` out, or vary an option of the training',
    )
  const last = work.config.search.seed + work.seeds - 1
  return pipe(
    assignments(vary),
    E.traverseArray(assignment => checkAblationConfig(flatten(configOfTrial(work.config, assignment, last)))),
    E.map(() => ({ ...work, vary })),
  )
}
