import { backendNames } from '@cpnas/backends'
import { type CpnasError, schemaOf } from '@cpnas/core'
import {
  type ConfigFile,
  type NamedData,
  namesOf,
  type Request,
  readConfigFile,
  type WorkersChoice,
} from '@cpnas/experiments'
import type { RunBase } from '@cpnas/runs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, type FlagOption, refuseOptions, type ValueOption, type Values } from '../command.js'
import { dataOptions } from '../data-source.js'
import type { Io, Outcome } from '../io.js'
import { countOption, textOption, wordOption } from '../values.js'
import type { RunCommand } from './run-commands.js'

/** How a run reports its progress. */
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

/** The options of runs whose work can be given to workers. */
export const sharedOptions = {
  queue: textOption({
    placeholder: 'url',
    description: 'let the workers of this Redis do the work: redis://host:6379; see `cpnas worker`',
    default: 'none: this process does it',
  }),
  blobs: textOption({
    placeholder: 'dir',
    description: 'with --queue: a directory that all machines share, for weights and files',
    default: 'none: they are in Redis',
  }),
  sameEngine: {
    kind: 'flag',
    description: "with --queue: refuse workers that round differently from this machine's engine",
  },
} as const satisfies CommandOptions

/** The workers of the options; InvalidOption for options that need a queue, without one. */
export const workersOf = (
  given: Values<typeof sharedOptions>,
): E.Either<CpnasError, { readonly queue?: WorkersChoice | undefined }> =>
  pipe(
    given.queue === undefined
      ? refuseOptions(given, ['blobs', 'sameEngine'], 'is for work that workers do', 'Give --queue as well')
      : E.right(undefined),
    E.map(() =>
      given.queue === undefined
        ? {}
        : { queue: { address: given.queue, blobs: given.blobs, sameEngine: given.sameEngine } },
    ),
  )

const presetOption = <P extends string>(presets: readonly P[], preset: P): ValueOption<P> =>
  wordOption(presets, {
    placeholder: 'name',
    description: `preset for the hyper-parameters you do not set: ${presets.join(', ')}`,
    default: preset,
  })

/** The teacher of a training. */
export const teacherOption = textOption({
  placeholder: 'run|file',
  description: 'distill from a trained Parent: the directory of a training or a model file; see --distillation-weight',
  default: 'none',
})

export const schemaOption = {
  printSchema: { kind: 'flag', description: 'print a JSON Schema of --config files, then exit' },
} as const satisfies CommandOptions

/** Prints a JSON Schema of the command's --config files, for --print-schema. */
export const printSchema = <P extends string, C extends object, R extends RunBase>(
  { name, kind: { hyperparameters } }: RunCommand<P, C, R>,
  io: Io,
): TE.TaskEither<CpnasError, Outcome> => {
  io.out(`${JSON.stringify(schemaOf(hyperparameters.table, `Hyper-parameters of cpnas ${name}`), undefined, 2)}\n`)
  return TE.right({ status: 'done' })
}

type RunOptions<P extends string> = typeof dataOptions &
  typeof engineOptions &
  typeof reportOptions & {
    readonly preset: ValueOption<P>
    readonly config: ValueOption<string>
    readonly out: ValueOption<string>
    readonly resume: FlagOption
  }

/** The options that every kind of run has besides its hyper-parameters. */
export const runOptions = <P extends string, C extends object, R extends RunBase>({
  kind: { hyperparameters, defaultPreset },
  defaultDirectory,
}: RunCommand<P, C, R>): RunOptions<P> => ({
  ...dataOptions,
  preset: presetOption(Object.keys(hyperparameters.presets) as P[], defaultPreset),
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

type RunValues<P extends string> = Values<RunOptions<P>>

/** The request of a command line, including the contents of --config. Errors as `readConfigFile`. */
export const requestOf = <P extends string, C extends object, R extends RunBase>(
  { defaultDirectory, kind: { hyperparameters, section } }: RunCommand<P, C, R>,
  given: RunValues<P> & Partial<C>,
  { data, dataset, imageSize, origin }: NamedData = given,
): TE.TaskEither<CpnasError, Request<P, C>> =>
  pipe(
    given.config === undefined
      ? TE.right<CpnasError, ConfigFile<C>>({ options: {}, chosen: {} })
      : readConfigFile<C>(given.config, namesOf(hyperparameters), section),
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
      hyperparameters: given,
    })),
  )
