import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { readRun, readRunConfig, readSnapshot, type SearchRunConfig, searchFormat, secondsWorked } from '@cpnas/runs'
import { batchesIn, evaluators, operationsOf, type SearchConfig, type SearchState } from '@cpnas/search'
import { tiny } from '@cpnas/supernet'
import type { Table } from '@cpnas/table'
import { trainingStepWork } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { formatIn } from '../sources/model.js'
import { judge, strategyWith, type Truth, type Verdict } from './truth.js'

/** A finished search on the images of a table, judged by the table. */
export interface SearchOnImages extends Verdict {
  readonly config: SearchConfig
  /**
   * Images that went through its networks, in trainings of the table: a step of training counts for three evaluations. A relaxed search
   * computes all operations of an image at once, which this does not count; `coreSeconds` does.
   */
  readonly cost: number
  /** Time that it was worked on, times the threads. */
  readonly coreSeconds: number
}

const refuse = (directory: string, problem: string, remedy: string): E.Either<CpnasError, never> =>
  E.left(cpnasError('InvalidOption', directory, problem, remedy))

/** How deep searches are looked for: those of an ablation lie in directories of its trials. */
const depth = 4

/** The directories of searches in a directory and in those within it. */
const directoriesIn = async (directory: string, deeper = depth): Promise<readonly string[]> => {
  if ((await formatIn(directory)) === searchFormat.format) return [directory]
  if (deeper === 0) return []
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const names = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
  return (await Promise.all(names.sort().map(name => directoriesIn(join(directory, name), deeper - 1)))).flat()
}

/** Images of a search with that share of the data set: training and validation. */
const imagesOf = ({ images, training }: Table, { share, validationShare }: SearchConfig) => {
  const used = ((images.training + images.validation) / (training.share as number)) * share
  const validation = Math.round(used * validationShare)
  return { training: Math.round(used) - validation, validation }
}

const costOf = (table: Table, config: SearchConfig, state: SearchState): number => {
  const { batchSize } = config
  const { training, validation } = imagesOf(table, config)
  const splits = { trainingSteps: Math.floor(training / batchSize), validationSteps: validation / batchSize }
  const { trained, evaluated } = batchesIn(evaluators[config.evaluator]!.batches, { config, splits }, state.history)
  const { images, training: recipe } = table
  const ofTable = (recipe.epochs as number) * (trainingStepWork * images.training + images.validation)
  return ((trainingStepWork * trained + evaluated) * batchSize) / ofTable
}

/** InvalidOption: a search whose result the table cannot judge. */
const checkSearch = (
  { table, operations }: Truth,
  directory: string,
  { search, images }: SearchRunConfig,
): E.Either<CpnasError, void> => {
  if (search.space !== tiny.name)
    return refuse(
      directory,
      `is a search of the space ${search.space}, and the table is of ${tiny.name}`,
      'Leave it out',
    )
  if (images?.digest !== table.digest)
    return refuse(directory, 'searched other images than those of the table', 'Give --data of the table to the search')
  const other = [...operations].sort().join()
  return [...operationsOf(search)].sort().join() === other
    ? E.right(undefined)
    : refuse(
        directory,
        `chose among ${operationsOf(search).join(', ')}`,
        `Compare searches of one list of operations, with --operations (now ${operations.join(',')})`,
      )
}

const readSearch = (truth: Truth, directory: string): TE.TaskEither<CpnasError, SearchOnImages> =>
  pipe(
    TE.Do,
    TE.bind('config', () => readRunConfig(searchFormat, directory, '--searches')),
    TE.chainFirstEitherK(({ config }) => checkSearch(truth, directory, config!)),
    TE.bind('snapshot', ({ config }) => readSnapshot<SearchState, SearchRunConfig>(searchFormat, directory, config!)),
    TE.bind('run', () => readRun(directory, directory)),
    TE.flatMapEither(({ config, snapshot, run }): E.Either<CpnasError, SearchOnImages> => {
      const genotype = run.kind === 'search' ? run.genotype : undefined
      if (genotype === undefined || snapshot === undefined)
        return refuse(directory, 'is not finished', `Continue it with \`cpnas search --resume --out ${directory}\``)
      const { search, threads } = config!
      return E.right({
        config: search,
        ...judge(truth, strategyWith(truth.table, search), snapshot.state, genotype.normal),
        cost: costOf(truth.table, search, snapshot.state),
        coreSeconds: (secondsWorked(run.journal) ?? 0) * threads,
      })
    }),
  )

/**
 * The finished searches in a directory and in those within it, judged by what a table knows. InvalidOption: there are none; one that is not finished, of another space, of other images or other operations. InvalidCheckpoint: one that is damaged.
 */
export const readSearches = (truth: Truth, directory: string): TE.TaskEither<CpnasError, readonly SearchOnImages[]> =>
  pipe(
    TE.fromTask(() => directoriesIn(directory)),
    TE.filterOrElse(
      found => found.length > 0,
      () =>
        cpnasError('InvalidOption', directory, 'holds no search', 'Name a directory that holds runs of `cpnas search`'),
    ),
    TE.flatMap(TE.traverseSeqArray(found => readSearch(truth, found))),
  )

const withoutSeed = ({ seed: _, ...config }: SearchConfig): Omit<SearchConfig, 'seed'> => config

/** Searches that differ by their seeds only, named by what tells them from the others. */
export const alikeSearches = (
  searches: readonly SearchOnImages[],
): readonly { readonly name: string; readonly searches: readonly SearchOnImages[] }[] => {
  const groups = new Map<string, SearchOnImages[]>()
  for (const search of searches) {
    const key = JSON.stringify(withoutSeed(search.config))
    groups.set(key, [...(groups.get(key) ?? []), search])
  }
  const configs = [...groups.values()].map(([first]) => withoutSeed(first!.config))
  const nameOf = (config: Omit<SearchConfig, 'seed'>): string => {
    const { strategy, evaluator } = config
    const like = configs.filter(other => other.strategy === strategy && other.evaluator === evaluator)
    const differing = Object.entries(config).filter(([option, value]) =>
      like.some(other => JSON.stringify(other[option as keyof typeof other]) !== JSON.stringify(value)),
    )
    return [strategy, evaluator, ...differing.map(([option, value]) => `${option} ${JSON.stringify(value)}`)].join(', ')
  }
  return [...groups.values()].map((searches, i) => ({ name: nameOf(configs[i]!), searches }))
}
