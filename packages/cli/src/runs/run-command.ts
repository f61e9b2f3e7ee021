import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { backendNames, type ResolvedBackend, resolveBackend } from '@cpnas/backends'
import { type CpnasError, cpnasError, printable } from '@cpnas/core'
import { type Dataset, type DatasetName, datasetNames, differenceOf } from '@cpnas/data'
import { type Lock, type RunBase, readFingerprint, readRunBase, withLock } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { CommandOptions, FlagOption, ValueOption, Values } from '../command.js'
import {
  corruptLines,
  dataOptions,
  foundLines,
  type IdentifiedData,
  identify,
  type OpenData,
  sourceText,
  withData,
} from '../data-source.js'
import { isDirectory } from '../genotype-source.js'
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
import { readConfigFile } from './config-file.js'
import type { Plan, Request } from './plan-run.js'
import type { RunKind } from './run-kind.js'

/** How a run is told of. */
export const reportOptions = {
  json: { kind: 'flag', description: 'print one JSON event per line' },
  quiet: { kind: 'flag', description: 'show no progress' },
} as const satisfies CommandOptions

export const engineOptions = {
  backend: textOption({
    placeholder: 'name',
    description: `engine: auto, ${backendNames.join(', ')}; \`cpnas backends\` says which work here`,
    default: 'auto: the fastest; with --resume, the one that the run was on',
  }),
  threads: countOption({ description: 'threads of the engine', default: "the machine's cores" }),
}

const presetOption = <P extends string>(presets: readonly P[], preset: P): ValueOption<P> =>
  wordOption(presets, {
    placeholder: 'name',
    description: `preset for the hyper-parameters you do not set: ${presets.join(', ')}`,
    default: preset,
  })

type RunOptions<P extends string> = typeof dataOptions &
  typeof engineOptions &
  typeof reportOptions & {
    readonly preset: ValueOption<P>
    readonly config: ValueOption<string>
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
  config: textOption({
    placeholder: 'file',
    description: "JSON file of hyper-parameters, or a run's config.json; options given here override it",
    default: 'none',
  }),
  ...engineOptions,
  out: textOption({ placeholder: 'dir', description: 'directory of the run', default: defaultDirectory }),
  resume: { kind: 'flag', description: 'continue the run in --out, with its own options' },
  ...reportOptions,
})

/** What says which data are meant, and the run that says so where nobody else does. */
export interface NamedData {
  readonly data?: string
  readonly dataset?: DatasetName
  readonly imageSize?: number
  readonly origin?: string
}

/** The data of the run that a path leads to (its directory, or a file in it), unless some are named. */
export const dataOfRun = (path: string | undefined, given: NamedData): TE.TaskEither<CpnasError, NamedData> => {
  if (path === undefined || given.data !== undefined || given.dataset !== undefined) return TE.right(given)
  return pipe(
    TE.fromTask(async () => ((await isDirectory(path)) ? path : dirname(path))),
    TE.flatMap(directory =>
      pipe(
        readRunBase(directory),
        TE.map(run => {
          const dataset = datasetNames.find(name => name === run?.dataset)
          if (run === undefined || dataset === undefined) return given
          return {
            dataset,
            origin: directory,
            ...(run.data === null ? {} : { data: run.data }),
            ...(run.imageSize === undefined ? {} : { imageSize: run.imageSize }),
            ...(given.imageSize === undefined ? {} : { imageSize: given.imageSize }),
          }
        }),
      ),
    ),
  )
}

type RunValues<P extends string> = Values<RunOptions<P>>

/** What a command line asks for, with what --config holds. Errors as `readConfigFile`. */
export const requestOf = <P extends string, C extends object, R extends RunBase>(
  { defaultDirectory, hyperparameters, section }: RunKind<P, C, R>,
  given: RunValues<P> & Partial<C>,
  { data, dataset, imageSize, origin }: NamedData = given,
): TE.TaskEither<CpnasError, Request<P, C>> =>
  pipe(
    given.config === undefined
      ? TE.right<CpnasError, Partial<C>>({})
      : readConfigFile<C>(given.config, hyperparameters.names, section),
    TE.map(file => ({
      directory: given.out ?? defaultDirectory,
      resume: given.resume ?? false,
      preset: given.preset,
      backend: given.backend,
      threads: given.threads,
      data,
      dataset,
      imageSize,
      ...(origin === undefined ? {} : { origin }),
      file,
      hyperparameters: hyperparameters.given(given),
    })),
  )

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

const otherImages = (problem: string): CpnasError =>
  cpnasError(
    'InvalidOption',
    '--data',
    problem,
    'Name the directory of the images that the run was begun with, or begin another run in another directory',
  )

/** InvalidOption if the data are not those of a run: it says in which class. `where` is the run's directory. */
export const checkImages = (
  stored: RunBase,
  where: string,
  { source, train, fingerprint }: IdentifiedData,
): TE.TaskEither<CpnasError, void> => {
  const place = source.directory ?? 'the embedded data set'
  const other = (difference: string): CpnasError =>
    otherImages(`${place} has ${difference}: the run in ${where} was begun with other images`)
  if (stored.images === undefined) {
    // Runs of earlier versions know the classes of their images by number alone; files of records have no others.
    if (source.name === 'image-folder')
      return TE.left(
        otherImages(`the run in ${where} was begun by an earlier version, which did not record its images and classes`),
      )
    return stored.labels === hashOf(train.labels) ? TE.right(undefined) : TE.left(other('other labels'))
  }
  if (stored.images.by === fingerprint.by && stored.images.digest === fingerprint.digest) return TE.right(undefined)
  return pipe(
    readFingerprint(where),
    TE.flatMap(wanted => TE.left(other((wanted && differenceOf(wanted, fingerprint)) ?? 'other images'))),
  )
}

/** What is written down of a run; of a resumed one only the engine and its threads can change. */
const runConfig = <C, R extends RunBase>(
  { stored, threads }: Plan<C, R>,
  { source, train, fingerprint }: IdentifiedData,
  { name }: ResolvedBackend,
  complete: (base: RunBase) => R,
): R =>
  stored === undefined
    ? complete({
        dataset: source.name,
        data: source.directory === undefined ? null : resolve(source.directory),
        labels: hashOf(train.labels),
        images: { by: fingerprint.by, digest: fingerprint.digest },
        ...(source.imageSize === undefined ? {} : { imageSize: source.imageSize }),
        backend: name,
        threads,
      })
    : { ...stored, backend: name, threads }

/** What a run works with, all of it opened, and its directory locked. */
export interface Opened<R extends RunBase, E extends ProgressEvent, A = undefined> {
  readonly data: IdentifiedData
  readonly engine: ResolvedBackend
  readonly config: R
  readonly reporter: Reporter<E>
  readonly lock: Lock
  /** What `prepare` made. */
  readonly prepared: A
}

/** The signal came while files were opened and read. */
const stoppedEarly = (io: Io): TE.TaskEither<CpnasError, Outcome> =>
  TE.fromIO(() => {
    io.err('Stopped before anything was written.\n')
    return { status: 'stopped' }
  })

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
    readonly prepare: (data: IdentifiedData) => TE.TaskEither<CpnasError, A>
    readonly complete: (base: RunBase, prepared: A) => R
    readonly use: (opened: Opened<R, E, A>) => TE.TaskEither<CpnasError, Outcome>
  },
): TE.TaskEither<CpnasError, Outcome> =>
  withData({ ...given, ...plan })(opened =>
    pipe(
      identify(plan.origin === undefined ? opened : { ...opened, source: { ...opened.source, origin: plan.origin } }),
      TE.tap(data =>
        plan.stored === undefined ? TE.right(undefined) : checkImages(plan.stored, plan.directory, data),
      ),
      TE.bindTo('data'),
      TE.bind('prepared', ({ data }) => prepare(data)),
      TE.flatMap(({ data, prepared }) =>
        io.signal.aborted
          ? stoppedEarly(io)
          : withBackend(plan)(engine =>
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
        for (const line of corruptLines(opened)) io.err(`${line}\n`)
      }),
    ),
  )

const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

/** What continues a run after a stop. */
export const resumeCommand = (
  { command, defaultDirectory }: { readonly command: string; readonly defaultDirectory: string },
  directory: string,
): string => `cpnas ${command} --resume${directory === defaultDirectory ? '' : ` --out ${shellWord(directory)}`}`

/** Which engine, and why. */
export const engineLine = ({ name, reason }: ResolvedBackend): string => `${name}, ${reason}`

/** Which data and which engine, in a line each. */
export const introduction = (data: OpenData, engine: ResolvedBackend): readonly string[] => [
  `Data:   ${sourceText(data.source)}; ${data.train.count} training images of ${data.train.height}x${data.train.width}x${data.train.channels}`,
  ...foundLines(data).map(line => `        ${line}`),
  `Engine: ${engineLine(engine)}`,
]
