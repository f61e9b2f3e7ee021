import type { ResolvedBackend } from '@cpnas/backends'
import type { Interruption } from '@cpnas/core'
import type { Blobs, Json, TaskDone, TaskOutput } from '@cpnas/queue'
import type { WorkedBy } from '@cpnas/runs'
import type { Either } from 'fp-ts/lib/Either.js'
import type { IdentifiedData } from '../data.js'

/** What a worker has. */
export interface Workplace {
  readonly data: IdentifiedData
  readonly engine: ResolvedBackend
  readonly threads: number
  /** Where runs that it has begun are, each in a directory named by its task. */
  readonly directory: string
  /** Called with what people should know. */
  readonly note: (line: string) => void
}

/** The work of a worker on a task. */
export interface Assignment {
  readonly id: string
  readonly blobs: Blobs
  readonly report: (fraction: number) => void
  readonly signal: AbortSignal
}

/** A kind of work: what its tasks ask for, and how it is done. I is its input. */
export interface WorkKind<I> {
  readonly kind: string
  /** From the queue, so from anywhere; Left says what is wrong with it. */
  readonly parse: (data: Json) => Either<string, I>
  readonly perform: (input: I, place: Workplace, assignment: Assignment) => Promise<Either<Interruption, TaskOutput>>
}

/** Who did a task, as a journal records it. */
export const workedBy = ({ by: { host, engine, rounding, threads }, seconds }: TaskDone<unknown>): WorkedBy => ({
  host,
  engine,
  rounding,
  threads,
  seconds,
})
