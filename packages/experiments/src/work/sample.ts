import type { Backend } from '@cpnas/backends'
import { isCount, isRecord } from '@cpnas/core'
import { openSplits } from '@cpnas/data'
import { decodeSafetensors, encodeSafetensors } from '@cpnas/model'
import type { Giver, Json, Task, TaskOutput } from '@cpnas/queue'
import { parseCells, type WorkedBy } from '@cpnas/runs'
import {
  checkTensors,
  type Observation,
  type Performer,
  parseConfig,
  performSample,
  type SampleResult,
  type SampleWork,
  type SearchConfig,
  strategyOf,
} from '@cpnas/search'
import { type NetworkSpec, spaceOf, specFor } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type WorkKind, workedBy } from './kind.js'

/** A proposal of a search, to be trained and evaluated; its weights are a blob. */
interface SampleInput extends Omit<SampleWork, 'tensors'> {
  readonly search: SearchConfig
}

const weightsName = 'weights'

const positionNames = ['round', 'rounds', 'pass', 'passes', 'sample', 'samples'] as const

const areIntegers = (value: unknown, names: readonly string[]): boolean =>
  isRecord(value) && names.every(name => Number.isSafeInteger(value[name]) && (value[name] as number) >= 0)

const parse = (data: Json): E.Either<string, SampleInput> => {
  if (!isRecord(data) || !isRecord(data.proposal)) return E.left('is no sample of a search')
  const { proposal, done, search } = data
  const { type, architecture, position, epochs } = proposal
  if (type !== 'sample' && type !== 'warmup') return E.left('is neither a sample nor a warm-up')
  if (!areIntegers(position, positionNames) || !areIntegers(done, ['warmups', 'samples']))
    return E.left('does not say where in its search it is')
  if (epochs !== undefined && !(isCount(epochs) && epochs >= 1))
    return E.left('is to be trained for no number of epochs')
  return pipe(
    parseConfig(search),
    E.mapLeft(({ where, problem }) => `"search.${where}" ${problem}`),
    E.bindTo('search'),
    E.bind('architecture', ({ search }) => parseCells(architecture, spaceOf(search))),
    E.map(({ search, architecture }) => ({
      search,
      proposal: {
        type,
        architecture,
        position: position as unknown as SampleWork['proposal']['position'],
        ...(epochs === undefined ? {} : { epochs: epochs as number }),
      },
      done: done as unknown as SampleWork['done'],
    })),
  )
}

/** A sample of a search. The observation comes back without its proposal. */
export const sampleWork: WorkKind<SampleInput> = {
  kind: 'sample',
  parse,
  perform: async ({ search, ...work }, { data, engine }, { blobs, report, signal }) => {
    const tensors = decodeSafetensors(blobs[weightsName] ?? encodeSafetensors({}))
    if (E.isLeft(tensors)) throw new Error(tensors.left)
    const splits = openSplits(data.train, search, 'batches')
    if (E.isLeft(splits)) return splits
    // An engine's tensors are its own: the work is generic in them.
    const backend = engine.backend as Backend<unknown>
    const context = { backend, config: search, spec: specFor(search, data.train), splits: splits.right, signal }
    let steps = 0
    const all =
      splits.right.trainingSteps * (work.proposal.epochs ?? search.epochsPerSample) + splits.right.validationSteps
    const result = await performSample(context, strategyOf(search).length)(
      { ...work, tensors: tensors.right },
      () => () => {
        steps += 1
        report(Math.min(1, steps / (2 * all)))
      },
    )
    return pipe(
      result,
      E.map(
        ({ observation: { losses, evaluations }, tensors: left }): TaskOutput => ({
          data: {
            ...(losses && { losses: { ...losses } }),
            ...(evaluations && { evaluations: evaluations as unknown as Json }),
          },
          blobs: Object.keys(left).length === 0 ? {} : { [weightsName]: encodeSafetensors(left) },
        }),
      ),
    )
  },
}

const taskOf = (search: SearchConfig, { proposal, done, tensors }: SampleWork): Task => {
  const { round, rounds, pass, sample, samples } = proposal.position
  return {
    kind: sampleWork.kind,
    label:
      proposal.type === 'warmup'
        ? `warm-up ${done.warmups + 1}`
        : `round ${round}/${rounds} pass ${pass} sample ${sample}/${samples}`,
    data: { search, proposal, done } as unknown as Json,
    blobs: Object.keys(tensors).length === 0 ? {} : { [weightsName]: encodeSafetensors(tensors) },
  }
}

const isNumber = (value: unknown): value is number => Number.isFinite(value)
const isShare = (value: unknown): boolean => isNumber(value) && value >= 0 && value <= 1
const isPer = (value: unknown, test: (one: unknown) => boolean): boolean =>
  isRecord(value) && test(value.child) && (value.parent === undefined || test(value.parent))

/** What came back for a piece of work; Left says why it cannot be that. */
const resultOf = (
  spec: NetworkSpec,
  search: SearchConfig,
  { proposal, tensors }: SampleWork,
  { data, blobs }: TaskOutput,
): E.Either<string, SampleResult> => {
  if (!isRecord(data)) return E.left('came back without an observation')
  const { losses, evaluations } = data
  if (losses !== undefined && !isPer(losses, isNumber)) return E.left('came back with a loss that is no number')
  const evaluated = isPer(evaluations, one => isRecord(one) && isShare(one.accuracy) && isNumber(one.loss))
  if (proposal.type === 'sample' && !evaluated) return E.left('came back with accuracies that are none')
  const observation = {
    proposal,
    ...(losses && { losses }),
    ...(evaluated ? { evaluations } : {}),
  } as unknown as Observation
  if (Object.keys(tensors).length === 0) return E.right({ observation, tensors: {} })
  const bytes = blobs[weightsName]
  return pipe(
    bytes === undefined ? E.left('came back without weights') : decodeSafetensors(bytes),
    E.chainFirst(left =>
      pipe(
        checkTensors(spec, search, proposal.architecture, left),
        E.mapLeft(({ where, problem }) => `came back with weights of which ${where} ${problem}`),
      ),
    ),
    E.filterOrElse(
      left => Object.values(left).every(({ values }) => values.every(Number.isFinite)),
      () => 'came back with weights that are no numbers',
    ),
    E.map(left => ({ observation, tensors: left })),
  )
}

/** Gives the proposals of a search to the workers of a queue. `by` tells who did the last one that was asked for. */
export const queuePerformer = (
  giver: Giver,
  search: SearchConfig,
  spec: NetworkSpec,
): { readonly performer: Performer; readonly by: () => WorkedBy | undefined; readonly close: () => Promise<void> } => {
  const tasks = new Map<string, Task>()
  const nameOf = ({ proposal, done }: SampleWork): string => JSON.stringify([proposal.type, proposal.position, done])
  let by: WorkedBy | undefined
  let saved: Task | undefined
  const start = (work: SampleWork) => {
    const task = tasks.get(nameOf(work)) ?? taskOf(search, work)
    tasks.set(nameOf(work), task)
    return { task, done: giver.perform(task, output => resultOf(spec, search, work, output)) }
  }
  /** By then its result is in the checkpoint. */
  const forget = async (): Promise<void> => {
    if (saved) await giver.forget(saved)
    saved = undefined
  }
  return {
    performer: {
      foresee: works => {
        for (const work of works) if (!tasks.has(nameOf(work))) start(work)
      },
      perform: async work => {
        await forget()
        const { task, done } = start(work)
        const result = await done
        tasks.delete(nameOf(work))
        if (E.isLeft(result)) return result
        by = workedBy(result.right)
        saved = task
        return E.right(result.right.value)
      },
    },
    by: () => by,
    close: forget,
  }
}
