import { type CpnasError, cpnasError } from '@cpnas/core'
import {
  type Architecture,
  type Comparison,
  checkSpace,
  configFor,
  dataOfRun,
  performTraining,
  planRun,
  readArchitecture,
  readGenotypeOf,
  type TrainingPlan,
  trainingRun,
} from '@cpnas/experiments'
import type { TrainingRunConfig } from '@cpnas/runs'
import { type GenotypeFile, printGenotype } from '@cpnas/supernet'
import { presetSources } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, type Values } from '../command.js'
import { hyperparameterOptions } from '../hyperparameters.js'
import type { Io, Outcome } from '../io.js'
import { configTable, sourcedConfig } from '../print-config.js'
import { counted } from '../report/amounts.js'
import { layOut } from '../report/layout.js'
import { printTrainingSummary } from '../report/training-summary.js'
import { trainingWords } from '../report/training-words.js'
import { tellRun } from '../runs/run-command.js'
import { trainingRuns } from '../runs/run-commands.js'
import { printSchema, requestOf, runOptions, schemaOption, teacherOption } from '../runs/run-options.js'
import { countOption, textOption } from '../values.js'
import { summaries } from './summaries.js'

const options = {
  genotype: textOption({
    placeholder: 'file|run',
    description: 'the architecture: a genotype.json, or the directory of a finished search',
  }),
  initFrom: textOption({
    placeholder: 'run|file',
    description:
      'start from the weights of a search or a training, of a model file, or of a network of the zoo (zoo:NAME)',
    default: 'random weights',
  }),
  newClassifier: {
    kind: 'flag',
    description: 'with --init-from: a new classifier, for other classes',
  },
  teacher: teacherOption,
  saveEvery: countOption({
    description: 'save a checkpoint every so many steps, too',
    default: 'after every epoch only',
  }),
  printConfig: {
    kind: 'flag',
    description: 'print every hyper-parameter with its value and source, then exit',
  },
  ...schemaOption,
  ...runOptions(trainingRuns),
  ...hyperparameterOptions(trainingRun.hyperparameters),
} as const satisfies CommandOptions

type Given = Values<typeof options>

const printConfig = (given: Given, io: Io): TE.TaskEither<CpnasError, Outcome> => {
  const preset = given.preset ?? trainingRun.defaultPreset
  return pipe(
    requestOf(trainingRuns, given),
    TE.bindTo('request'),
    TE.bind('config', ({ request }) => TE.fromEither(configFor(trainingRun, preset, request.file, given))),
    TE.map(({ request, config }): Outcome => {
      const sourced = sourcedConfig(
        trainingRun.hyperparameters,
        config,
        { file: request.file?.options ?? {}, own: given },
        presetSources[preset],
      )
      io.out(given.json ? `${JSON.stringify({ preset, options: sourced })}\n` : layOut([configTable(sourced)], io))
      return { status: 'done' }
    }),
  )
}

/** Options that are not hyper-parameters and must match the run to resume. The teacher may be moved; it is identified by its hash. */
const comparisons =
  (given: Given, genotype: string | undefined) =>
  (stored: TrainingRunConfig): readonly Comparison[] =>
    [
      ['genotype', printGenotype(stored.genotype), genotype],
      ...(stored.initFrom === null ? [['initFrom', 'absent', given.initFrom] as const] : []),
      ...(stored.teacher === null ? [['teacher', 'absent', given.teacher] as const] : []),
    ].map(
      ([option, stored, given]): Comparison =>
        // A genotype is too long for a message.
        option === 'genotype' && given !== undefined && given !== stored
          ? [option, 'of its own', 'this one']
          : [option!, stored!, given],
    )

/** A genotype determines its space. */
const withSpace = (given: Given, genotype: GenotypeFile | undefined): Given =>
  genotype === undefined ? given : { ...given, space: genotype.space.name }

/** That of a genotype, which says nothing about options, or of the network to begin with. */
const givenArchitecture = ({ genotype, initFrom, resume }: Given): TE.TaskEither<CpnasError, Partial<Architecture>> => {
  if (genotype !== undefined)
    return pipe(
      readGenotypeOf(genotype),
      TE.map(genotype => ({ genotype })),
    )
  return pipe(
    initFrom === undefined || resume ? TE.right(undefined) : readArchitecture(initFrom),
    TE.map(found => found ?? {}),
  )
}

const planTraining = (given: Given): TE.TaskEither<CpnasError, TrainingPlan> =>
  pipe(
    givenArchitecture(given),
    TE.chainFirstEitherK(({ genotype }) => checkSpace(given.space, genotype)),
    TE.bind('data', () => dataOfRun(given.resume ? undefined : given.genotype, given)),
    TE.bind('plan', ({ genotype, options, data }) =>
      pipe(
        requestOf(trainingRuns, { ...options, ...withSpace(given, genotype) }, data),
        TE.flatMap(request =>
          planRun(trainingRun, request, comparisons(given, genotype && printGenotype(genotype.genotype))),
        ),
      ),
    ),
    TE.chainFirstEitherK(({ plan }) =>
      given.newClassifier && given.initFrom === undefined && plan.stored?.initFrom == null
        ? E.left(cpnasError('InvalidOption', 'newClassifier', 'has no effect without initFrom', 'Leave it out'))
        : E.right(undefined),
    ),
    TE.flatMapEither(({ genotype, plan }) => {
      const found = plan.stored?.genotype ?? genotype?.genotype
      return found === undefined
        ? E.left(
            cpnasError(
              'InvalidOption',
              'genotype',
              'is missing: a training needs an architecture',
              'Give a genotype.json or the directory of a finished search; `cpnas search --out RUN` makes one, then `cpnas train --genotype RUN`',
            ),
          )
        : E.right({
            ...plan,
            genotype: found,
            newClassifier: given.newClassifier ?? plan.stored?.newClassifier ?? false,
            initFrom: given.initFrom ?? plan.stored?.initFrom ?? undefined,
            teacher: given.teacher ?? plan.stored?.teacher ?? undefined,
            saveEvery: given.saveEvery,
          })
    }),
  )

/** `cpnas train`. */
export const trainCommand = command({
  name: 'train',
  summary: summaries.train,
  details: `Writes into --out: config.json, history.jsonl, a checkpoint after every epoch; at the end model.safetensors (the last
epoch), best.safetensors (the best one on the validation split), evaluation.json (both on the test set), genotype.json, cells.svg.
Press Ctrl-C to stop; --resume continues exactly where it stopped, on any engine.`,
  options,
  run: (given, io) =>
    given.printConfig
      ? printConfig(given, io)
      : given.printSchema
        ? printSchema(trainingRuns, io)
        : pipe(
            planTraining(given),
            TE.flatMap(plan => {
              const { directory, config, stored } = plan
              const epochs = config.stages * config.epochs
              return tellRun(
                trainingRuns,
                plan,
                performTraining,
                {
                  events: trainingWords(config),
                  introduction: ({ prepared }, state) => [
                    ...prepared.notes,
                    `Run:    ${directory}, ${stored ? `continued after ${state?.history.length ?? 0} of ${epochs} epochs` : counted(epochs, 'epoch')}`,
                  ],
                  text: outcome => printTrainingSummary(outcome, directory),
                  record: outcome => outcome,
                  saved: { stopped: 'all steps are saved', failed: 'All work up to the last checkpoint is saved' },
                },
                given,
                io,
              )
            }),
          ),
})
