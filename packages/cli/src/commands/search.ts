import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { backendNames, type CpnasError, cpnasError, type ResolvedBackend, resolveBackend } from '@cpnas/backends'
import { type Preset, presets, splitsOf } from '@cpnas/search'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, type Values } from '../command.js'
import { dataOptions, type OpenData, openData } from '../data-source.js'
import { execute } from '../execute.js'
import { givenHyperparameters, hyperparameters } from '../hyperparameters.js'
import type { Io, Outcome } from '../io.js'
import { withLock } from '../lock.js'
import { asFlags, type Plan, planRun } from '../plan-run.js'
import { barReporter, jsonReporter, lineReporter, quietReporter, type Reporter } from '../report/reporter.js'
import type { RunConfig } from '../run-directory.js'
import { countOption, textOption, wordOption } from '../values.js'

const defaultDirectory = './cpnas-run'
const defaultPreset: Preset = 'quick'

const options = {
  ...dataOptions,
  preset: wordOption(Object.keys(presets) as Preset[], {
    placeholder: 'name',
    description: `where the hyper-parameters that are not given come from: ${Object.keys(presets).join(', ')}`,
    default: defaultPreset,
  }),
  backend: textOption({
    placeholder: 'name',
    description: `engine: auto, ${backendNames.join(', ')}; \`cpnas backends\` says which work here`,
    default: 'auto: the fastest; with --resume, the one that the run was on',
  }),
  threads: countOption({ description: 'threads of the engine', default: "the machine's cores" }),
  out: textOption({ placeholder: 'dir', description: 'directory of the run', default: defaultDirectory }),
  resume: { kind: 'flag', description: 'continue the run in --out, with its own options' },
  json: { kind: 'flag', description: 'one JSON event a line on the standard output' },
  quiet: { kind: 'flag', description: 'no progress' },
  ...hyperparameters,
} as const satisfies CommandOptions

type Given = Values<typeof options>

const reporterOf = ({ json = false, quiet = false }: Given, plan: Plan, io: Io): Reporter => {
  if (json) return jsonReporter(io)
  if (quiet) return quietReporter()
  return io.terminal ? barReporter(plan.search, io.terminal) : lineReporter(plan.search, io)
}

/** Leaves the terminal as it was, however the search ends. */
const withReporter =
  (given: Given, plan: Plan, io: Io) =>
  (use: (reporter: Reporter) => TE.TaskEither<CpnasError, Outcome>): TE.TaskEither<CpnasError, Outcome> =>
    TE.bracket(
      TE.fromIO(() => reporterOf(given, plan, io)),
      use,
      reporter => TE.fromIO(reporter.close),
    )

const withData =
  (plan: Plan) =>
  <A>(use: (data: OpenData) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(openData(plan as Values<typeof dataOptions>), use, ({ train, test }) =>
      TE.fromIO(() => {
        train.close()
        test.close()
      }),
    )

const withBackend =
  ({ backend, threads }: Plan) =>
  <A>(use: (resolved: ResolvedBackend) => TE.TaskEither<CpnasError, A>): TE.TaskEither<CpnasError, A> =>
    TE.bracket(resolveBackend(backend, { threads }), use, resolved => TE.fromTask(() => resolved.backend.close()))

/** What is written down of a run; of a resumed one only the engine can change. */
const runConfig = (plan: Plan, { source, train }: OpenData, { name }: ResolvedBackend): RunConfig =>
  plan.stored === undefined
    ? {
        dataset: source.name,
        data: source.directory === undefined ? null : resolve(source.directory),
        labels: hashOf(train.labels),
        backend: name,
        threads: plan.threads,
        search: plan.search,
      }
    : { ...plan.stored, backend: name }

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** InvalidOption if a split is smaller than a batch, or if the data are not those of the run to resume. */
const checkData = ({ search, stored }: Plan, { train }: OpenData): E.Either<CpnasError, unknown> =>
  stored === undefined || stored.labels === hashOf(train.labels)
    ? pipe(splitsOf(train, search), E.mapLeft(asFlags))
    : E.left(
        cpnasError(
          'InvalidOption',
          '--data',
          'holds other images than those the run was begun with',
          'Name the directory of those images',
        ),
      )

const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

const resumeCommand = (directory: string): string =>
  `cpnas search --resume${directory === defaultDirectory ? '' : ` --out ${shellWord(directory)}`}`

/** `cpnas search`. */
export const searchCommand = command({
  name: 'search',
  summary: 'Search the cells of a 1-bit network on images',
  details: `Writes into --out: config.json, genotype.json, history.jsonl, cells.svg and a checkpoint after every sample.
Stop it with Ctrl-C whenever you like; --resume continues as if it had never stopped, on any engine.`,
  options,
  run: (given, io) =>
    pipe(
      planRun({
        directory: given.out ?? defaultDirectory,
        resume: given.resume ?? false,
        preset: given.preset,
        backend: given.backend,
        threads: given.threads,
        data: given.data,
        dataset: given.dataset,
        hyperparameters: givenHyperparameters(given),
      }),
      TE.flatMap(plan =>
        withData(plan)(data =>
          pipe(
            TE.fromEither(checkData(plan, data)),
            TE.flatMap(() =>
              withBackend(plan)(engine => {
                const run = {
                  directory: plan.directory,
                  config: runConfig(plan, data, engine),
                  stored: plan.stored,
                  train: data.train,
                  engine,
                  resumeCommand: resumeCommand(plan.directory),
                }
                return withLock(plan.directory)(() =>
                  withReporter(given, plan, io)(reporter => execute(run, io, reporter, given.json ?? false)),
                )
              }),
            ),
          ),
        ),
      ),
    ),
})
