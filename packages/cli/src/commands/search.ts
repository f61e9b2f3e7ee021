import { performSearch, planRun } from '@cpnas/experiments'
import { evaluators, samplesOf, strategies, strategyOf } from '@cpnas/search'
import { spaceOf, spaces } from '@cpnas/supernet'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { hyperparameterOptions } from '../hyperparameters.js'
import { counted } from '../report/amounts.js'
import { evaluatorChosen, searchWords } from '../report/search-words.js'
import { printSummary } from '../report/summary.js'
import { tellRun } from '../runs/run-command.js'
import { searchRuns } from '../runs/run-commands.js'
import { printSchema, requestOf, runOptions, schemaOption, sharedOptions, workersOf } from '../runs/run-options.js'
import { summaries } from './summaries.js'

/** The values of an option with their descriptions. */
const listed = (option: string, records: Readonly<Record<string, { readonly description: string }>>): string =>
  [`--${option}`, ...Object.entries(records).map(([name, { description }]) => `  ${name}: ${description}`)].join('\n')

/** `cpnas search`. */
export const searchCommand = command({
  name: 'search',
  summary: summaries.search,
  details: `Writes into --out: config.json, genotype.json, history.jsonl, cells.svg and a checkpoint after every sample.
Press Ctrl-C to stop; --resume continues exactly where it stopped, on any engine.

${[listed('strategy', strategies), listed('evaluator', evaluators), listed('space', Object.fromEntries(spaces.map(space => [space.name, space])))].join('\n')}`,
  options: {
    ...schemaOption,
    ...runOptions(searchRuns),
    ...sharedOptions,
    ...hyperparameterOptions(searchRuns.kind.hyperparameters),
  } satisfies CommandOptions,
  run: (given, io) =>
    given.printSchema
      ? printSchema(searchRuns, io)
      : pipe(
          TE.fromEither(workersOf(given)),
          TE.bind('plan', () =>
            pipe(
              requestOf(searchRuns, given),
              TE.flatMap(request => planRun(searchRuns.kind, request)),
            ),
          ),
          TE.flatMap(({ plan, queue }) => {
            const { directory, config, stored } = plan
            const { samples } = strategyOf(config).length
            return tellRun(
              searchRuns,
              plan,
              performSearch,
              {
                events: searchWords(config),
                introduction: (_, state) => {
                  const done = state === undefined ? 0 : samplesOf(state).length
                  return [
                    ...(stored ? [] : evaluatorChosen(given, config)),
                    `Run:    ${directory}, ${stored ? `continued after ${done} of ${samples} samples` : counted(samples, 'sample')}`,
                  ]
                },
                text: outcome => printSummary(outcome, spaceOf(config), directory),
                record: outcome => outcome,
                saved: { stopped: 'all finished samples are saved', failed: 'All finished samples are saved' },
              },
              { ...given, givenTo: queue },
              io,
            )
          }),
        ),
})
