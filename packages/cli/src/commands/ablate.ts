import type { CpnasError } from '@cpnas/core'
import {
  type AblationPlan,
  type AblationRunConfig,
  type Comparison,
  checkSpace,
  checkVary,
  dataOfRun,
  type FlatConfig,
  formatVary,
  genotypeText,
  imagesMeasured,
  parseVary,
  performAblation,
  planRun,
  planTrials,
  readGenotypeOf,
  unflatten,
  type Vary,
  varyOf,
} from '@cpnas/experiments'
import type { Genotype } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, type RepeatedOption, type Values } from '../command.js'
import { hyperparameterOptions } from '../hyperparameters.js'
import { printAblation } from '../report/ablation-summary.js'
import { ablationWords } from '../report/ablation-words.js'
import { evaluatorChosen } from '../report/search-words.js'
import { tellRun } from '../runs/run-command.js'
import { ablationRuns } from '../runs/run-commands.js'
import { requestOf, runOptions, sharedOptions, teacherOption, workersOf } from '../runs/run-options.js'
import { countOption, textOption, wordOption } from '../values.js'
import { summaries } from './summaries.js'

const defaultSeeds = 3

const varyOption: RepeatedOption<Vary> = {
  kind: 'repeated',
  placeholder: 'option=a,b,...',
  description:
    'values to compare of one of the hyper-parameters below, e.g. beta-p=0,1,2; given several times, every combination',
  parse: parseVary,
}

const own = {
  vary: varyOption,
  seeds: countOption({
    description: 'seeds per combination, counting up from --seed',
    default: String(defaultSeeds),
  }),
  on: wordOption(imagesMeasured, {
    placeholder: imagesMeasured.join('|'),
    description: 'compare accuracies on test or on validation images',
    default: 'test',
  }),
  genotype: textOption({
    placeholder: 'file|run',
    description: 'train these cells, a genotype.json or the directory of a finished search',
    default: 'search, and train what was found',
  }),
  parents: { kind: 'flag', description: 'also train the Parents, without a teacher' },
  teacher: teacherOption,
  ...runOptions(ablationRuns),
  ...sharedOptions,
} as const satisfies CommandOptions

/** Their names are known at run time only; their type is `FlatConfig`. */
const options: typeof own = { ...own, ...hyperparameterOptions(ablationRuns.kind.hyperparameters) }

type Given = Values<typeof own>

const comparisons =
  ({ vary, seeds, on, parents, genotype: path, teacher }: Given, genotype: Genotype | undefined) =>
  (stored: AblationRunConfig): readonly Comparison[] => [
    ['vary', stored.vary.join(' '), vary?.map(formatVary).join(' ')],
    ['seeds', String(stored.seeds), seeds?.toString()],
    ['on', stored.on, on],
    ['parents', String(stored.parents), parents?.toString()],
    // The teacher may be moved; it is identified by its hash.
    ...(stored.teacher === null ? [['teacher', 'absent', teacher] as const] : []),
    genotypeText(stored.genotype) === genotypeText(genotype)
      ? ['genotype', '', '']
      : ['genotype', stored.genotype ? 'other cells' : 'a search', path],
  ]

const planAblation = (given: Given): TE.TaskEither<CpnasError, AblationPlan> =>
  pipe(
    given.genotype === undefined ? TE.right(undefined) : readGenotypeOf(given.genotype),
    TE.bindTo('genotype'),
    TE.chainFirstEitherK(({ genotype }) => checkSpace((given as FlatConfig).space, genotype)),
    TE.bind('data', () => dataOfRun(given.resume ? undefined : given.genotype, given)),
    TE.bind('plan', ({ genotype, data }) =>
      pipe(
        requestOf(ablationRuns, genotype === undefined ? given : { ...given, space: genotype.space.name }, data),
        TE.flatMap(request => planRun(ablationRuns.kind, request, comparisons(given, genotype?.genotype))),
      ),
    ),
    TE.flatMapEither(({ genotype, plan }) => {
      const { stored, config } = plan
      const work = {
        seeds: stored?.seeds ?? given.seeds ?? defaultSeeds,
        on: stored?.on ?? given.on ?? 'test',
        parents: stored?.parents ?? given.parents ?? false,
        genotype: stored?.genotype ?? genotype?.genotype,
        teacher: given.teacher,
        config: unflatten(config),
      }
      return pipe(
        checkVary(stored ? varyOf(stored) : (given.vary ?? []), work),
        E.map(work => ({ ...plan, work })),
      )
    }),
  )

/** `cpnas ablate`. */
export const ablateCommand = command({
  name: 'ablate',
  summary: summaries.ablate,
  details: `Runs a search and a training of its result, or a training of --genotype, for every combination of the --vary values and every
seed. Trainings that differ in training options only share a search. They are ordinary runs in searches/, trainings/ and parents/ of --out.
A hyper-parameter that both searches and trainings have is set by --search-NAME or --train-NAME.
Writes ablation.json, ablation.csv, ablation.svg and a table of mean and standard deviation of the accuracy.
To choose a value, compare --on validation: a value that was chosen on test images looks better there than it is.
Press Ctrl-C to stop; --resume continues and repeats no finished run.`,
  options,
  run: (given, io) =>
    pipe(
      TE.fromEither(workersOf(given)),
      TE.bind('plan', () => planAblation(given)),
      TE.flatMap(({ plan, queue }) => {
        const { directory, stored, work } = plan
        const { runs } = planTrials(work)
        return tellRun(
          ablationRuns,
          plan,
          performAblation,
          {
            events: ablationWords(runs),
            introduction: (_, done) => {
              const varied = work.vary.map(({ name }) => name)
              const continued = stored === undefined ? '' : `continued after ${done ?? 0} of `
              return [
                ...(stored ? [] : evaluatorChosen(given, work.config.search, varied)),
                `Run:    ${directory}, ${continued}${runs.length} searches and trainings`,
              ]
            },
            text: ({ results }) => printAblation(work, results, directory),
            record: ({ record, files }) => ({ ...record, files }),
            saved: { stopped: 'all that is done is saved', failed: 'All that is done is saved' },
          },
          { ...given, givenTo: queue },
          io,
        )
      }),
    ),
})
