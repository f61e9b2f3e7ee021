import { type CpnasError, cpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type AnyBackend, type BackendName, type Engine, type EngineProbe, engines } from './engines.js'
import type { AdapterSummary } from './tfjs/open/adapter.js'
import { notInstalled } from './tfjs/open/modules.js'
import { defaultThreads } from './wasm/backend.js'

/** Every engine there is, in the order in which `auto` prefers them. */
export const backendNames: readonly BackendName[] = engines.map(({ name }) => name)

/** Whether an engine works on this machine, and why (or why not). */
export interface BackendAvailability {
  readonly name: BackendName
  readonly available: boolean
  /** Whether `auto` may choose it; it never chooses a software GPU, nor an engine that rounds products. */
  readonly automatic: boolean
  readonly reason: string
  /** The GPU of an engine that uses one, or the software adapter in its place. */
  readonly adapter?: AdapterSummary
}

/** An opened engine. */
export interface ResolvedBackend {
  readonly name: BackendName
  readonly backend: AnyBackend
  /** Why this engine, in one line. */
  readonly reason: string
  /** What would make `auto` take a faster one, in one line, if anything can. */
  readonly hint?: string
}

/** How an engine is opened. */
export interface ResolveOptions {
  /** Threads of the wasm engine, 1 to 256. Default: the cores this process may use. */
  readonly threads?: number
}

const availability = ({ name, find }: EngineProbe): T.Task<BackendAvailability> =>
  pipe(
    find(defaultThreads()),
    TE.match(
      ({ problem, remedy }): BackendAvailability => ({
        name,
        available: false,
        automatic: false,
        reason: `${problem}. ${remedy}`,
      }),
      ({ description, adapter, automatic }): BackendAvailability => {
        const reason = `${description}${automatic ? '' : '; not chosen by auto'}`
        return { name, available: true, automatic, reason, ...(adapter === undefined ? {} : { adapter }) }
      },
    ),
  )

/** Every engine, in the order `auto` prefers them. Loads what is installed, and asks for a GPU. */
export const availableBackends: T.Task<readonly BackendAvailability[]> = T.sequenceSeqArray(engines.map(availability))

const open = ({ name, description, open }: Engine, why: string): TE.TaskEither<CpnasError, ResolvedBackend> =>
  pipe(
    open,
    TE.map(backend => ({ name, backend, reason: `${why}: ${description}` })),
  )

/** What would make an engine work that was not found and would be faster; undefined if it cannot work here. */
const hintOf = ({ where, problem, remedy }: CpnasError): string | undefined => {
  if (where === 'onednn') return `onednn would be faster, but ${problem}. ${remedy}`
  return where === 'tfjs-webgpu' && problem.startsWith(notInstalled)
    ? `tfjs-webgpu may be faster if this machine has a GPU, but ${problem}. ${remedy}`
    : undefined
}

/** The first engine of a list that is found; the hint is about the fastest one that can be installed and was not. */
const findFirst = (
  [first, ...others]: readonly EngineProbe[],
  threads: number,
  hint?: string,
): TE.TaskEither<CpnasError, { readonly engine: Engine; readonly hint: string | undefined }> =>
  pipe(
    first!.findFast(threads),
    TE.map(engine => ({ engine, hint })),
    TE.orElse(error => (others.length === 0 ? TE.left(error) : findFirst(others, threads, hint ?? hintOf(error)))),
  )

const resolveAuto = (threads: number): TE.TaskEither<CpnasError, ResolvedBackend> =>
  pipe(
    findFirst(engines, threads),
    TE.flatMap(({ engine, hint }) =>
      pipe(
        open(engine, 'the fastest engine available'),
        TE.map(opened => (hint === undefined ? opened : { ...opened, hint })),
      ),
    ),
  )

const unknown = (name: string): CpnasError =>
  cpnasError(
    'BackendUnavailable',
    `backend ${name}`,
    'there is no engine of that name',
    `Choose one of auto, ${backendNames.join(', ')}`,
  )

/**
 * The engine of that name; `auto` takes the first that works of `availableBackends` and is `automatic`. Left: an unknown or
 * unavailable engine (BackendUnavailable; says what to install), a number of threads out of range (InvalidOption).
 */
export const resolveBackend = (
  name: string,
  { threads = defaultThreads() }: ResolveOptions = {},
): TE.TaskEither<CpnasError, ResolvedBackend> => {
  if (!Number.isInteger(threads) || threads < 1 || threads > 256)
    return TE.left(
      cpnasError(
        'InvalidOption',
        'threads',
        `must be an integer from 1 to 256, got ${threads}`,
        'Leave it out to use all cores',
      ),
    )
  if (name === 'auto') return resolveAuto(threads)
  const chosen = engines.find(engine => engine.name === name)
  if (chosen === undefined) return TE.left(unknown(name))
  return pipe(
    chosen.find(threads),
    TE.mapLeft(error => ({ ...error, where: `backend ${name}` })),
    TE.flatMap(engine => open(engine, 'asked for')),
  )
}
