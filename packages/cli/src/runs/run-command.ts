import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import {
  backendNames,
  type CpnasError,
  cpnasError,
  printable,
  type ResolvedBackend,
  resolveBackend,
} from '@cpnas/backends'
import type { Dataset } from '@cpnas/data'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { CommandOptions, FlagOption, ValueOption, Values } from '../command.js'
import { corruptLines, dataOptions, type OpenData, withData } from '../data-source.js'
import type { Io, Outcome } from '../io.js'
import {
  barReporter,
  type EventWords,
  jsonReporter,
  lineReporter,
  type ProgressEvent,
  quietReporter,
  type Reporter,
} from '../report/reporter.js'
import { countOption, textOption, wordOption } from '../values.js'
import { type Lock, withLock } from './lock.js'
import type { Plan, Request } from './plan-run.js'
import type { RunBase, RunKind } from './run-kind.js'

/** How a run is told of. */
export const reportOptions = {
  json: { kind: 'flag', description: 'one JSON event a line on the standard output' },
  quiet: { kind: 'flag', description: 'no progress' },
} as const satisfies CommandOptions

export const engineOptions = {
  backend: textOption({
    placeholder: 'name',
    description: `engine: auto, ${backendNames.join(', ')}; \`cpnas backends\` says which work here`,
    default: 'auto: the fastest; with --resume, the one that the run was on',
  }),
  threads: countOption({ description: 'threads of the engine', default: "the machine's cores" }),
}

export const presetOption = <P extends string>(presets: readonly P[], preset: P): ValueOption<P> =>
  wordOption(presets, {
    placeholder: 'name',
    description: `where the hyper-parameters that are not given come from: ${presets.join(', ')}`,
    default: preset,
  })

type RunOptions<P extends string> = typeof dataOptions &
  typeof engineOptions &
  typeof reportOptions & {
    readonly preset: ValueOption<P>
    readonly out: ValueOption<string>
    readonly resume: FlagOption
  }

/** The options that every kind of run has beside its hyper-parameters. */
export const runOptions = <P extends string, C extends object, R extends RunBase>({
  hyperparameters: { presetNames },
  defaultPreset,
  defaultDirectory,
}: RunKind<P, C, R>): RunOptions<P> => ({
  ...dataOptions,
  preset: presetOption(presetNames, defaultPreset),
  ...engineOptions,
  out: textOption({ placeholder: 'dir', description: 'directory of the run', default: defaultDirectory }),
  resume: { kind: 'flag', description: 'continue the run in --out, with its own options' },
  ...reportOptions,
})

type RunValues<P extends string> = Values<RunOptions<P>>

export const requestOf = <P extends string, C extends object, R extends RunBase>(
  { defaultDirectory, hyperparameters }: RunKind<P, C, R>,
  given: RunValues<P> & Partial<C>,
): Request<P, C> => ({
  directory: given.out ?? defaultDirectory,
  resume: given.resume ?? false,
  preset: given.preset,
  backend: given.backend,
  threads: given.threads,
  data: given.data,
  dataset: given.dataset,
  imageSize: given.imageSize,
  hyperparameters: hyperparameters.given(given),
})

const reporterOf = <E extends ProgressEvent>(
  { json = false, quiet = false }: Values<typeof reportOptions>,
  words: EventWords<E>,
  io: Io,
): Reporter<E> => {
  if (json) return jsonReporter(io)
  if (quiet) return quietReporter()
  return io.terminal ? barReporter(words, io.terminal) : lineReporter(words, io)
}

/** Leaves the terminal as it was, however the run ends. */
export const withReporter =
  <E extends ProgressEvent>(given: Values<typeof reportOptions>, words: EventWords<E>, io: Io) =>
  (use: (reporter: Reporter<E>) => TE.TaskEither<CpnasError, Outcome>): TE.TaskEither<CpnasError, Outcome> =>
    TE.bracket(
      TE.fromIO(() => reporterOf(given, words, io)),
      use,
      reporter => TE.fromIO(reporter.close),
    )

export const withBackend =
  ({ backend, threads }: { readonly backend: string; readonly threads: number }) =>
  <A>(use: (resolved: ResolvedBackend) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(resolveBackend(backend, { threads }), use, resolved => TE.fromTask(() => resolved.backend.close()))

const hashOf = ({ buffer, byteOffset, byteLength }: Dataset['labels']): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')

/** InvalidOption if the data are not those of the run to resume. */
const checkLabels = (stored: RunBase | undefined, { train }: OpenData): E.Either<CpnasError, void> =>
  stored === undefined || stored.labels === hashOf(train.labels)
    ? E.right(undefined)
    : E.left(
        cpnasError(
          'InvalidOption',
          '--data',
          'holds other images than those the run was begun with',
          'Name the directory of those images',
        ),
      )

/** What is written down of a run; of a resumed one only the engine and its threads can change. */
const runConfig = <C, R extends RunBase>(
  { stored, threads }: Plan<C, R>,
  { source, train }: OpenData,
  { name }: ResolvedBackend,
  complete: (base: RunBase) => R,
): R =>
  stored === undefined
    ? complete({
        dataset: source.name,
        data: source.directory === undefined ? null : resolve(source.directory),
        labels: hashOf(train.labels),
        ...(source.imageSize === undefined ? {} : { imageSize: source.imageSize }),
        backend: name,
        threads,
      })
    : { ...stored, backend: name, threads }

/** What a run works with, all of it opened, and its directory locked. */
export interface Opened<R extends RunBase, E extends ProgressEvent, A = undefined> {
  readonly data: OpenData
  readonly engine: ResolvedBackend
  readonly config: R
  readonly reporter: Reporter<E>
  readonly lock: Lock
  /** What `prepare` made. */
  readonly prepared: A
}

/**
 * Opens the data, the engine, locks the directory, and closes all of it again, however the run ends. `prepare` checks the data
 * and reads what else there is; `complete` adds to config.json what this kind of run keeps there.
 */
export const withRun = <C, R extends RunBase, E extends ProgressEvent, A>(
  plan: Plan<C, R>,
  given: Values<typeof reportOptions & typeof dataOptions>,
  io: Io,
  {
    words,
    prepare,
    complete,
    use,
  }: {
    readonly words: EventWords<E>
    readonly prepare: (data: OpenData) => TE.TaskEither<CpnasError, A>
    readonly complete: (base: RunBase, prepared: A) => R
    readonly use: (opened: Opened<R, E, A>) => TE.TaskEither<CpnasError, Outcome>
  },
): TE.TaskEither<CpnasError, Outcome> =>
  withData({ ...given, ...plan })(data =>
    pipe(
      TE.fromEither(checkLabels(plan.stored, data)),
      TE.flatMap(() => prepare(data)),
      TE.flatMap(prepared =>
        withBackend(plan)(engine =>
          withLock(plan.directory, line => io.err(`${printable(line)}\n`))(lock =>
            withReporter(
              given,
              words,
              io,
            )(reporter => {
              const config = runConfig(plan, data, engine, base => complete(base, prepared))
              return use({ data, engine, config, reporter, lock, prepared })
            }),
          ),
        ),
      ),
      TE.tapIO(() => () => {
        for (const line of corruptLines(data)) io.err(`${line}\n`)
      }),
    ),
  )

export const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** What continues a run after a stop. */
export const resumeCommand = (
  { command, defaultDirectory }: { readonly command: string; readonly defaultDirectory: string },
  directory: string,
): string => `cpnas ${command} --resume${directory === defaultDirectory ? '' : ` --out ${shellWord(directory)}`}`

/** Which engine, and why. */
export const engineLine = ({ name, reason }: ResolvedBackend): string => `${name}, ${reason}`

/** Which data and which engine, in a line each. */
export const introduction = ({ source, train }: OpenData, engine: ResolvedBackend): readonly string[] => [
  `Data:   ${source.title}, ${source.directory ?? 'embedded'}; ${train.count} training images of ${train.height}x${train.width}x${train.channels}`,
  `Engine: ${engineLine(engine)}`,
]
