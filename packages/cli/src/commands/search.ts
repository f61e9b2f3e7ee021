import { evaluators, splitsOf, strategies } from '@cpnas/search'
import { spaces } from '@cpnas/supernet'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { searchWords } from '../report/search-words.js'
import { execute } from '../runs/execute.js'
import { checkMemory } from '../runs/memory.js'
import { planRun } from '../runs/plan-run.js'
import { withRun } from '../runs/run-command.js'
import { printSchema, requestOf, runOptions, schemaOption } from '../runs/run-options.js'
import { searchRun } from '../runs/search-run.js'
import { searchNeed, searchRunOf } from '../search/work.js'
import { summaries } from './summaries.js'

const { hyperparameters } = searchRun

/** The values of an option with what each is. */
const listed = (option: string, records: Readonly<Record<string, { readonly description: string }>>): string =>
  [`--${option}`, ...Object.entries(records).map(([name, { description }]) => `  ${name}: ${description}`)].join('\n')

/** `cpnas search`. */
export const searchCommand = command({
  name: 'search',
  summary: summaries.search,
  details: `Writes into --out: config.json, genotype.json, history.jsonl, cells.svg and a checkpoint after every sample.
Press Ctrl-C to stop; --resume continues exactly where it stopped, on any engine.

${[listed('strategy', strategies), listed('evaluator', evaluators), listed('space', Object.fromEntries(spaces.map(space => [space.name, space])))].join('\n')}`,
  options: { ...schemaOption, ...runOptions(searchRun), ...hyperparameters.options } satisfies CommandOptions,
  run: (given, io) =>
    given.printSchema
      ? printSchema(searchRun, io)
      : pipe(
          requestOf(searchRun, given),
          TE.flatMap(request => planRun(searchRun, request)),
          TE.flatMap(plan =>
            withRun(plan, given, io, {
              words: searchWords(plan.config),
              prepare: ({ train }) =>
                pipe(
                  TE.fromEither(checkMemory(searchNeed(plan.config, train), plan.backend)),
                  TE.flatMapEither(() => splitsOf(train, plan.config)),
                  TE.mapLeft(hyperparameters.asFlags),
                ),
              complete: base => ({ ...base, search: plan.config }),
              use: opened => execute(searchRunOf(plan, opened), opened, io, given.json ?? false),
            }),
          ),
        ),
})
