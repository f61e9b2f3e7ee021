import { z } from '@cpnas/indicator'
import { type Either, map, right } from 'fp-ts/lib/Either.js'
import { type Context, evaluateArchitecture, type Interruption, trainArchitecture } from './architecture.js'
import { epochsDone, type Task } from './plan.js'
import type { Reporter } from './progress.js'
import { recordSample, recordWarmup } from './round.js'
import type { SearchState } from './types.js'
import type { Weights } from './weights.js'

/** The weights, which replace those given, and the state after the task. */
export interface Performed<T> {
  readonly weights: Weights<T>
  readonly state: Either<Interruption, SearchState>
}

type TaskOf<K extends Task['type']> = Extract<Task, { readonly type: K }>

/** Does one task: trains an architecture, and evaluates it if it is a sample. Takes over the weights. */
export const perform = <T>(
  context: Context<T>,
  state: SearchState,
  weights: Weights<T>,
  task: TaskOf<'warmup' | 'sample'>,
  report: Reporter,
): Promise<Performed<T>> =>
  task.type === 'warmup'
    ? performWarmup(context, state, weights, task, report)
    : performSample(context, state, weights, task, report)

const performWarmup = async <T>(
  context: Context<T>,
  state: SearchState,
  weights: Weights<T>,
  { type, epoch, architecture }: TaskOf<'warmup'>,
  report: Reporter,
): Promise<Performed<T>> => {
  const work = { architecture, where: `warm-up epoch ${epoch}`, report }
  const trained = await trainArchitecture(context, weights, work, type, [epochsDone(context.config, state)])
  const recorded = map(({ child, parent }: { readonly child: number; readonly parent: number }) =>
    recordWarmup(state, { type, epoch, architecture, lossChild: child, lossParent: parent }),
  )(trained.losses)
  return { weights: trained.weights, state: recorded }
}

const performSample = async <T>(
  context: Context<T>,
  state: SearchState,
  weights: Weights<T>,
  { type, round, pass, sample, architecture }: TaskOf<'sample'>,
  report: Reporter,
): Promise<Performed<T>> => {
  const { config } = context
  const work = { architecture, where: `round ${round}, pass ${pass}, sample ${sample}`, report }
  const first = epochsDone(config, state)
  const epochs = Array.from({ length: config.epochsPerSample }, (_, i) => first + i)
  const trained = await trainArchitecture(context, weights, work, 'train', epochs)
  if (trained.losses._tag === 'Left') return { weights: trained.weights, state: trained.losses }
  const evaluated = await evaluateArchitecture(context, trained.weights, work)
  if (evaluated._tag === 'Left') return { weights: trained.weights, state: evaluated }
  const { child, parent } = evaluated.right
  const next = recordSample(config, state, {
    type,
    round,
    pass,
    sample,
    architecture,
    accuracyParent: parent.accuracy,
    accuracyChild: child.accuracy,
    z: z(parent.accuracy, child.accuracy, config.betaP),
    lossChild: trained.losses.right.child,
    lossParent: trained.losses.right.parent,
    validationLossChild: child.loss,
    validationLossParent: parent.loss,
  })
  return { weights: trained.weights, state: right(next) }
}
