import { resolve } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import type { Genotype } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type AblationRunConfig, ablationRun, genotypeText, varyOf } from '../ablation/ablation-run.js'
import { ablationWords } from '../ablation/events.js'
import { checkAblationConfig, type FlatConfig, flatten, places, unflatten } from '../ablation/options.js'
import { type AblationPlan, configOfTrial, planTrials } from '../ablation/runs.js'
import { assignments, formatVary, optionName, parseVary, type Vary } from '../ablation/vary.js'
import { checkTrials, performAblation } from '../ablation/work.js'
import { type CommandOptions, command, type RepeatedOption, type Values } from '../command.js'
import { checkSpace, readGenotypeOf } from '../genotype-source.js'
import { type Comparison, type Plan, planRun } from '../runs/plan-run.js'
import { withRun } from '../runs/run-command.js'
import { dataOfRun, requestOf, runOptions } from '../runs/run-options.js'
import { readTeacher, teacherOption } from '../training/teacher.js'
import { countOption, textOption } from '../values.js'
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
  genotype: textOption({
    placeholder: 'file|run',
    description: 'train these cells, a genotype.json or the directory of a finished search',
    default: 'search, and train what was found',
  }),
  parents: { kind: 'flag', description: 'also train the Parents, without a teacher' },
  teacher: teacherOption,
  ...runOptions(ablationRun),
} as const satisfies CommandOptions

/** Their names are known at run time only: they go by `FlatConfig`. */
const options: typeof own = { ...own, ...ablationRun.hyperparameters.options }

type Given = Values<typeof own>
type Planned = Plan<FlatConfig, AblationRunConfig>

const refuse = (where: string, problem: string, remedy: string): E.Either<CpnasError, never> =>
  E.left(cpnasError('InvalidOption', where, problem, remedy))

const comparisons =
  ({ vary, seeds, parents, genotype: path, teacher }: Given, genotype: Genotype | undefined) =>
  (stored: AblationRunConfig): readonly Comparison[] => [
    ['--vary', stored.vary.join(' '), vary?.map(formatVary).join(' ')],
    ['--seeds', String(stored.seeds), seeds?.toString()],
    ['--parents', String(stored.parents), parents?.toString()],
    // Where a teacher lies can change; it is known by its hash.
    ...(stored.teacher === null ? [['--teacher', 'absent', teacher] as const] : []),
    genotypeText(stored.genotype) === genotypeText(genotype)
      ? ['--genotype', '', '']
      : ['--genotype', stored.genotype ? 'other cells' : 'a search', path],
  ]

/** Every value where it can be, and every combination of values a configuration that is one. */
const checkVary = (vary: readonly Vary[], work: Omit<AblationPlan, 'vary'>): E.Either<CpnasError, AblationPlan> => {
  if (vary.length === 0)
    return refuse(
      '--vary',
      'is missing: there is nothing to compare',
      'Name a hyper-parameter and its values, e.g. --vary beta-p=0,0.5,1,1.5,2',
    )
  const twice = vary.find(({ name }, i) => vary.findIndex(other => other.name === name) < i)
  if (twice) return refuse('--vary', `names ${optionName(twice.name)} twice`, 'Give all its values at once')
  const idle = vary.find(({ name }) => work.genotype !== undefined && places[name]!.side === 'search')
  if (idle)
    return refuse(
      '--vary',
      `${optionName(idle.name)} is an option of the search, and with --genotype there is none`,
      'Leave --genotype out, or vary an option of the training',
    )
  const last = work.config.search.seed + work.seeds - 1
  return pipe(
    assignments(vary),
    E.traverseArray(assignment => checkAblationConfig(flatten(configOfTrial(work.config, assignment, last)))),
    E.map(() => ({ ...work, vary })),
  )
}

const planAblation = (
  given: Given,
): TE.TaskEither<CpnasError, { readonly plan: Planned; readonly work: AblationPlan }> =>
  pipe(
    given.genotype === undefined ? TE.right(undefined) : readGenotypeOf(given.genotype),
    TE.bindTo('genotype'),
    TE.chainFirstEitherK(({ genotype }) => checkSpace('--space', (given as FlatConfig).space, genotype)),
    TE.bind('data', () => dataOfRun(given.resume ? undefined : given.genotype, given)),
    TE.bind('plan', ({ genotype, data }) =>
      pipe(
        requestOf(ablationRun, genotype === undefined ? given : { ...given, space: genotype.space.name }, data),
        TE.flatMap(request => planRun(ablationRun, request, comparisons(given, genotype?.genotype))),
      ),
    ),
    TE.bind('work', ({ genotype, plan: { stored, config } }) => {
      const work = {
        seeds: stored?.seeds ?? given.seeds ?? defaultSeeds,
        parents: stored?.parents ?? given.parents ?? false,
        genotype: stored?.genotype ?? genotype?.genotype,
        config: unflatten(config),
      }
      return TE.fromEither(checkVary(stored ? varyOf(stored) : (given.vary ?? []), work))
    }),
  )

/** `cpnas ablate`. */
export const ablateCommand = command({
  name: 'ablate',
  summary: summaries.ablate,
  details: `Runs a search and a training of its result, or a training of --genotype, for every combination of the --vary values and every
seed. Trainings that differ in training options only share a search. They are ordinary runs in searches/, trainings/ and parents/ of --out.
A hyper-parameter that both searches and trainings have is set by --search-NAME or --train-NAME.
Writes ablation.json, ablation.csv, ablation.svg and a table of mean and standard deviation of the test accuracy.
Press Ctrl-C to stop; --resume continues and repeats no finished run.`,
  options,
  run: (given, io) =>
    pipe(
      planAblation(given),
      TE.flatMap(({ plan, work }) => {
        const { vary, seeds, parents, genotype } = work
        const planned = planTrials(work)
        return withRun(plan, given, io, {
          words: ablationWords(planned.runs),
          prepare: data =>
            pipe(
              readTeacher(given.teacher ?? plan.stored?.teacher ?? undefined, plan.stored?.teacherHash),
              TE.chainFirstEitherK(teacher => checkTrials(planned.runs, data, teacher, plan.backend)),
            ),
          complete: (base, teacher) => ({
            ...base,
            vary: vary.map(formatVary),
            seeds,
            parents,
            genotype: genotype ?? null,
            teacher: given.teacher === undefined ? null : resolve(given.teacher),
            teacherHash: teacher?.hash ?? null,
            ...work.config,
          }),
          use: opened => performAblation({ plan, work, planned, opened, io, json: given.json ?? false }),
        })
      }),
    ),
})
