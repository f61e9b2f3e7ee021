import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, isRecord } from '@cpnas/core'
import { writeFileAtomic } from '@cpnas/core/files'
import { decodeModel, encodeModel } from '@cpnas/model'
import type { Blobs, Giver, Json, Task, TaskOutput } from '@cpnas/queue'
import {
  parseCells,
  parseEvaluation,
  searchFiles,
  type TrainingRunConfig,
  trainingFiles,
  type WorkedBy,
} from '@cpnas/runs'
import { parseConfig, type SearchConfig } from '@cpnas/search'
import { type Genotype, spaceOf } from '@cpnas/supernet'
import { type Model, parseTrainingConfig, type TrainingConfig } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { baseFor } from '../images.js'
import { lastFiles, type PlannedRun, performPlanned } from '../inner-runs.js'
import { type WorkKind, workedBy } from './kind.js'

/** A whole search or training; its teacher is a blob. */
type RunInput =
  | { readonly kind: 'search'; readonly config: SearchConfig }
  | {
      readonly kind: 'training'
      readonly config: TrainingConfig
      readonly genotype: Genotype
      readonly teacherHash: string | null
    }

const teacherName = 'teacher'

const parse = (data: Json): E.Either<string, RunInput> => {
  if (!isRecord(data)) return E.left('is no search and no training')
  const { kind, config, genotype, teacherHash } = data
  const named = E.mapLeft(({ where, problem }: CpnasError) => `"${where}" ${problem}`)
  if (kind === 'search')
    return pipe(
      named(parseConfig(config)),
      E.map(config => ({ kind, config })),
    )
  if (kind !== 'training' || !(teacherHash === null || typeof teacherHash === 'string'))
    return E.left('is no search and no training')
  return pipe(
    named(parseTrainingConfig(config)),
    E.bindTo('config'),
    E.bind('genotype', ({ config }) => parseCells(genotype, spaceOf(config))),
    E.map(own => ({ kind, ...own, teacherHash })),
  )
}

/** The files that a finished run leaves, by what they hold; the one written last is last. */
const filesOf = (kind: PlannedRun['kind']): readonly (readonly [role: string, file: string])[] => {
  const { config: _, checkpoint: __, data: ___, ...files } = kind === 'search' ? searchFiles : trainingFiles
  return Object.entries(files).sort(([, a], [, b]) => Number(a === lastFiles[kind]) - Number(b === lastFiles[kind]))
}

const readAll = async (kind: PlannedRun['kind'], directory: string): Promise<Blobs> =>
  Object.fromEntries(
    await Promise.all(
      filesOf(kind)
        .filter(([, file]) => existsSync(join(directory, file)))
        .map(async ([role, file]) => [role, await readFile(join(directory, file))] as const),
    ),
  )

/** A search or a training of an ablation, from its beginning, or from where this worker has left it, to its end. */
export const innerRunWork: WorkKind<RunInput> = {
  kind: 'run',
  parse,
  perform: async (input, { data, engine, threads, directory, note }, { id, blobs, report, signal }) => {
    const bytes = blobs[teacherName]
    const teacher = bytes === undefined ? E.right(undefined) : decodeModel(bytes)
    if (E.isLeft(teacher)) throw new Error(`the teacher ${teacher.left}`)
    const setting = {
      directory,
      base: baseFor(data, { backend: engine.name, threads }),
      genotype: input.kind === 'training' ? input.genotype : undefined,
      teaching:
        teacher.right && input.kind === 'training'
          ? { record: { teacher: null, teacherHash: input.teacherHash }, model: teacher.right }
          : undefined,
      data,
      engine,
      emit: ({ fraction }: { readonly fraction: number }) => report(fraction),
      note,
      signal,
    }
    const planned = { ...input, name: id, search: undefined } as PlannedRun
    const finished = await performPlanned(setting, planned, 0, 1)()
    if (E.isLeft(finished)) return finished
    if (!finished.right) return E.left('stopped')
    return E.right({ data: null, blobs: await readAll(input.kind, join(directory, id)) })
  },
}

/** Removes what a worker has of a run, once it is no longer asked for. */
export const removeInnerRun = (directory: string, id: string): Promise<void> =>
  rm(join(directory, id), { recursive: true, force: true })

/** The run as a task: that of a training has the cells that it trains, and its teacher. */
export const innerRunTask = (
  run: PlannedRun,
  config: Pick<TrainingRunConfig, 'genotype' | 'teacherHash'> | undefined,
  teacher: Model | undefined,
): Task => ({
  kind: innerRunWork.kind,
  label: run.name,
  data: {
    kind: run.kind,
    config: run.config,
    ...(config && { genotype: config.genotype, teacherHash: config.teacherHash }),
  } as unknown as Json,
  blobs: teacher === undefined ? {} : { [teacherName]: encodeModel(teacher) },
})

/** The files of a finished run; Left says why they cannot be those. */
const filesIn = (kind: PlannedRun['kind'], { blobs }: TaskOutput): E.Either<string, Blobs> => {
  const known = filesOf(kind).map(([role]) => role)
  if (!Object.keys(blobs).every(role => known.includes(role)))
    return E.left('came back with files that are none of a run')
  const missing = known.find(role => blobs[role] === undefined)
  if (missing !== undefined) return E.left(`came back without its ${missing}`)
  return kind === 'search'
    ? E.right(blobs)
    : pipe(
        parseEvaluation(Buffer.from(blobs.evaluation!).toString(), 'evaluation'),
        E.bimap(
          ({ problem }) => `came back with an evaluation that ${problem}`,
          () => blobs,
        ),
      )
}

/** Lets a worker perform a run, and writes its files. Says who did it; undefined if the signal stopped it. */
export const giveInnerRun =
  (
    giver: Giver,
    task: Task,
    kind: PlannedRun['kind'],
    directory: string,
  ): TE.TaskEither<CpnasError, WorkedBy | undefined> =>
  async () => {
    const done = await giver.perform(task, output => filesIn(kind, output))
    if (E.isLeft(done)) {
      const { left: reason } = done
      return reason === 'stopped' ? E.right(undefined) : E.left(reason)
    }
    const { value: files } = done.right
    for (const [role, file] of filesOf(kind)) {
      const written = await writeFileAtomic(join(directory, file), files[role]!)()
      if (E.isLeft(written)) return written
    }
    await giver.forget(task)
    return E.right(workedBy(done.right))
  }
