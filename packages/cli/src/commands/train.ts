import { type CpnasError, cpnasError } from '@cpnas/core'
import type { TrainingRunConfig } from '@cpnas/runs'
import { type GenotypeFile, printGenotype } from '@cpnas/supernet'
import { presetSources, trainingSplits } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, type Values } from '../command.js'
import { checkSpace, readGenotypeOf } from '../genotype-source.js'
import type { Io, Outcome } from '../io.js'
import { configTable, sourcedConfig } from '../print-config.js'
import { trainingWords } from '../report/training-words.js'
import { execute } from '../runs/execute.js'
import { checkMemory } from '../runs/memory.js'
import { type Comparison, configFor, planRun } from '../runs/plan-run.js'
import { withRun } from '../runs/run-command.js'
import { dataOfRun, printSchema, requestOf, runOptions, schemaOption } from '../runs/run-options.js'
import { trainingRun } from '../runs/training-run.js'
import { readSources, type TrainingPlan } from '../training/sources.js'
import { teacherOption } from '../training/teacher.js'
import { trainingNeed, trainingRunOf } from '../training/work.js'
import { countOption, textOption } from '../values.js'
import { summaries } from './summaries.js'

const { hyperparameters, defaultPreset } = trainingRun

const options = {
  genotype: textOption({
    placeholder: 'file|run',
    description: 'the architecture: a genotype.json, or the directory of a finished search',
  }),
  initFrom: textOption({
    placeholder: 'run',
    description: 'start from the weights of a search or a training',
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
  ...runOptions(trainingRun),
  ...hyperparameters.options,
} as const satisfies CommandOptions

type Given = Values<typeof options>

const printConfig = (given: Given, io: Io): TE.TaskEither<CpnasError, Outcome> => {
  const own = hyperparameters.given(given)
  const preset = given.preset ?? defaultPreset
  return pipe(
    requestOf(trainingRun, given),
    TE.bindTo('request'),
    TE.bind('config', ({ request }) => TE.fromEither(configFor(trainingRun, preset, request.file, own))),
    TE.map(({ request, config }): Outcome => {
      const sourced = sourcedConfig(hyperparameters, config, { file: request.file.options, own }, presetSources[preset])
      io.out(given.json ? `${JSON.stringify({ preset, options: sourced })}\n` : `${configTable(sourced)}\n`)
      return { status: 'done' }
    }),
  )
}

/** What is not a hyper-parameter and must be that of the run to resume. Where a teacher lies can change; it is known by its hash. */
const comparisons =
  (given: Given, genotype: string | undefined) =>
  (stored: TrainingRunConfig): readonly Comparison[] =>
    [
      ['--genotype', printGenotype(stored.genotype), genotype],
      ...(stored.initFrom === null ? [['--init-from', 'absent', given.initFrom] as const] : []),
      ...(stored.teacher === null ? [['--teacher', 'absent', given.teacher] as const] : []),
    ].map(
      ([flag, stored, given]): Comparison =>
        // A genotype is too long for a message.
        flag === '--genotype' && given !== undefined && given !== stored
          ? [flag, 'of its own', 'this one']
          : [flag!, stored!, given],
    )

/** A genotype says of which space it is. */
const withSpace = (given: Given, genotype: GenotypeFile | undefined): Given =>
  genotype === undefined ? given : { ...given, space: genotype.space.name }

const planTraining = (given: Given): TE.TaskEither<CpnasError, TrainingPlan> =>
  pipe(
    given.genotype === undefined ? TE.right(undefined) : readGenotypeOf(given.genotype),
    TE.bindTo('genotype'),
    TE.chainFirstEitherK(({ genotype }) => checkSpace('--space', given.space, genotype)),
    TE.bind('data', () => dataOfRun(given.resume ? undefined : given.genotype, given)),
    TE.bind('plan', ({ genotype, data }) =>
      pipe(
        requestOf(trainingRun, withSpace(given, genotype), data),
        TE.flatMap(request =>
          planRun(trainingRun, request, comparisons(given, genotype && printGenotype(genotype.genotype))),
        ),
      ),
    ),
    TE.chainFirstEitherK(({ plan }) =>
      given.newClassifier && given.initFrom === undefined && plan.stored?.initFrom == null
        ? E.left(cpnasError('InvalidOption', '--new-classifier', 'has no effect without --init-from', 'Leave it out'))
        : E.right(undefined),
    ),
    TE.flatMapEither(({ genotype, plan }) => {
      const found = plan.stored?.genotype ?? genotype?.genotype
      return found === undefined
        ? E.left(
            cpnasError(
              'InvalidOption',
              '--genotype',
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
        ? printSchema(trainingRun, io)
        : pipe(
            planTraining(given),
            TE.flatMap(plan =>
              withRun(plan, given, io, {
                words: trainingWords(plan.config),
                prepare: data => {
                  const { train } = data
                  return pipe(
                    TE.fromEither(checkMemory(trainingNeed(plan.genotype, plan.config, train), plan.backend)),
                    TE.flatMapEither(() => trainingSplits(train, plan.config)),
                    TE.mapLeft(hyperparameters.asFlags),
                    TE.flatMap(() => readSources(plan, data)),
                  )
                },
                complete: (base, { record }) => ({ ...base, ...record, training: plan.config }),
                use: opened => execute(trainingRunOf(plan, opened, io.signal), opened, io, given.json ?? false),
              }),
            ),
          ),
})
