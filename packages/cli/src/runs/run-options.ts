import { dirname } from 'node:path'
import { backendNames } from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import { type DatasetName, datasetNames } from '@cpnas/data'
import { type RunBase, readRunBase } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { CommandOptions, FlagOption, ValueOption, Values } from '../command.js'
import { dataOptions } from '../data-source.js'
import { isDirectory } from '../genotype-source.js'
import type { Io, Outcome } from '../io.js'
import { countOption, textOption, wordOption } from '../values.js'
import { type ConfigFile, readConfigFile } from './config-file.js'
import type { Request } from './plan-run.js'
import type { RunKind } from './run-kind.js'

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

const presetOption = <P extends string>(presets: readonly P[], preset: P): ValueOption<P> =>
  wordOption(presets, {
    placeholder: 'name',
    description: `preset for the hyper-parameters you do not set: ${presets.join(', ')}`,
    default: preset,
  })

export const schemaOption = {
  printSchema: { kind: 'flag', description: 'print a JSON Schema of --config files, then exit' },
} as const satisfies CommandOptions

/** What --print-schema prints: a JSON Schema of the command's --config files. */
export const printSchema = <P extends string, C extends object, R extends RunBase>(
  { command, hyperparameters: { schema } }: RunKind<P, C, R>,
  io: Io,
): TE.TaskEither<CpnasError, Outcome> => {
  io.out(`${JSON.stringify(schema(`Hyper-parameters of cpnas ${command}`), undefined, 2)}\n`)
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

/** The data that were named; `origin` is the run they were taken from, where no option named any. */
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
      ? TE.right<CpnasError, ConfigFile<C>>({ options: {}, chosen: {} })
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
      file: { options: hyperparameters.given(file.options), chosen: file.chosen },
      hyperparameters: hyperparameters.given(given),
    })),
  )
