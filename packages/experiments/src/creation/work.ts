import { basename, join, resolve, sep } from 'node:path'
import { type Backend, catchDeviceError, type ResolvedBackend } from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { type Batch, catchReadError, openSplits } from '@cpnas/data'
import { baseOf, readRunConfig, searchFiles, writeFingerprint, writeRunConfig } from '@cpnas/runs'
import { modelSpec, type TrainingConfig } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { folderName, type OpenData, withData } from '../data.js'
import { type InnerEvent, isFinished, type PlannedRun, performPlanned, type Setting } from '../inner-runs.js'
import { checkMemory } from '../memory.js'
import { type Opened, openRun, type Telling, withBackend } from '../open-run.js'
import { type Plan, planRun, type Request } from '../plan.js'
import { searchNeed } from '../search/work.js'
import { architectureOf } from '../sources/architecture.js'
import { readGenotype } from '../sources/genotype.js'
import { trainingRun } from '../training/kind.js'
import { type Beginning, beginningFor, begunWith, noBeginning, placeOf, readBeginning } from './beginning.js'
import {
  type CreationConfig,
  type CreationPlan,
  type NetworkToTrain,
  planBudget,
  planTraining,
  secondsForTraining,
  shareOfSearch,
} from './budget.js'
import { type CreationRunConfig, creationRun } from './kind.js'
import { writeProduct } from './product.js'
import type { CreationResult } from './result.js'
import { measureSpeeds, secondsPerImage } from './speed.js'

/** A planned creation. `deadline` is when it is to end, on the clock of `performance.now`; of a resumed one it is not known. */
export interface PlannedCreation extends Plan<CreationConfig, CreationRunConfig> {
  readonly budget: Pick<CreationPlan, 'search' | 'channels'>
  /** The trained network that it begins with, instead of a search. */
  readonly begun: Beginning | undefined
  readonly deadline: number | undefined
}

/** What happens in a creation; `fraction` is that of the whole. `planned`: the search is over, and the training is planned. */
export type CreationEvent =
  | InnerEvent
  | { readonly type: 'planned'; readonly fraction: number; readonly training: TrainingConfig }

/** Everything that a creation has opened when it begins. */
export type OpenedCreation = Opened<CreationRunConfig>

const names = { search: 'search', training: 'training' } as const

const factsOf = ({ train, test, source }: OpenData) => ({
  images: train.count,
  testImages: test.count,
  size: train.height,
  resizable: source.name === folderName,
})

const fewestImages = 8

/** InvalidData: too few images to search, train and validate. InvalidOption: the data and what is written would mix. */
const checkData = ({ train, source }: OpenData, out: string): E.Either<CpnasError, void> => {
  const { directory } = source
  if (train.count < fewestImages)
    return E.left(
      cpnasError(
        'InvalidData',
        directory ?? 'data',
        `has ${train.count} training images, and a network needs at least ${fewestImages}`,
        'Add pictures: 20 of every class are a start, 200 are better',
      ),
    )
  return directory !== undefined && `${resolve(out)}${sep}`.startsWith(`${resolve(directory)}${sep}`)
    ? E.left(
        cpnasError(
          'InvalidOption',
          'out',
          `${out} lies in the directory of the pictures, whose folders are the classes`,
          'Name another directory',
        ),
      )
    : E.right(undefined)
}

const onEngine = <A>({ backend }: ResolvedBackend, use: (backend: Backend<unknown>) => Promise<A>) =>
  catchDeviceError(async () => E.right(await use(backend as Backend<unknown>)))

/** A request for a creation. */
export interface CreationRequest extends Request<'default', CreationConfig> {
  /**
   * The trained network to begin with instead of a search: a model file, the directory of a training, `zoo:NAME`, or `none`. Default:
   * `zoo:cifar10` for fewer than 10,000 pictures in colour, none for other images.
   */
  readonly initFrom?: string | undefined
}

/**
 * Looks at the images and measures the engine, to plan what fits the time. A size of the pictures that is given stays. Errors as `planRun`,
 * of the data, of the network to begin with and of the engine.
 */
export const planCreation = (request: CreationRequest): TE.TaskEither<CpnasError, PlannedCreation> => {
  const start = performance.now()
  const { initFrom } = request
  return pipe(
    planRun(creationRun, request, stored => [
      ['initFrom', stored.initFrom ?? noBeginning, initFrom && placeOf(initFrom)],
    ]),
    TE.flatMap((plan): TE.TaskEither<CpnasError, PlannedCreation> => {
      const { stored, config, data, dataset, imageSize } = plan
      if (stored !== undefined)
        return pipe(
          stored.initFrom === null
            ? TE.of<CpnasError, Beginning | undefined>(undefined)
            : readBeginning(stored.initFrom),
          TE.map(begun => ({
            ...plan,
            budget: { channels: stored.channels, search: stored.search ?? undefined },
            begun,
            deadline: undefined,
          })),
        )
      return withData({ data, dataset, imageSize })(opened =>
        withBackend(plan)(engine =>
          pipe(
            TE.fromEither(checkData(opened, plan.directory)),
            TE.flatMap(() => beginningFor(initFrom, opened.train)),
            TE.bindTo('begun'),
            TE.bind('speeds', () => onEngine(engine, measureSpeeds)),
            TE.map(({ begun, speeds }) => {
              const facts = factsOf(opened)
              const budget = planBudget(
                config,
                { ...facts, resizable: facts.resizable && imageSize === undefined },
                speeds,
                begun && { channels: begun.model.spec.channels, imageSize: begun.model.image.height },
              )
              return {
                ...plan,
                imageSize: imageSize ?? budget.imageSize,
                budget,
                begun,
                deadline: start + config.minutes * 60_000,
              }
            }),
          ),
        ),
      )
    }),
  )
}

/** What a creation trains: cells of some width, or a network that is trained already. */
const networkOf = ({ budget: { channels }, begun }: PlannedCreation): NetworkToTrain =>
  begun === undefined
    ? { options: { channels }, begun: false }
    : { options: { ...architectureOf(begun.model).options, channels }, begun: true }

/** The first batches of a source that may have fewer. */
const first = async function* (
  batches: () => Iterable<Batch> | AsyncIterable<Batch>,
  count: number,
): AsyncIterable<Batch> {
  let left = count
  while (left > 0)
    for await (const batch of batches()) {
      yield batch
      if (--left === 0) return
    }
}

/** The training of the network: as it was planned before, or what fits the time that is left. */
const trainingOf = (
  plan: PlannedCreation,
  { data, engine }: OpenedCreation,
): TE.TaskEither<CpnasError, TrainingConfig> => {
  const { directory, config, budget, begun, deadline } = plan
  return pipe(
    readRunConfig(trainingRun, join(directory, names.training)),
    TE.flatMap(stored => {
      if (stored !== undefined) return TE.right(stored.training)
      const facts = factsOf(data)
      const network = networkOf(plan)
      // Any time will do for the batches that speed is measured with.
      const likely = planTraining(config, facts, network, 1e-9, 60)
      return pipe(
        begun === undefined
          ? readGenotype(join(directory, names.search, searchFiles.genotype))
          : TE.right({ genotype: begun.model.genotype }),
        TE.bindTo('found'),
        TE.bind('splits', () => TE.fromEither(openSplits(data.train, likely))),
        TE.flatMap(({ found: { genotype }, splits }) =>
          pipe(
            onEngine(engine, backend =>
              catchReadError(() =>
                secondsPerImage(
                  backend,
                  modelSpec(likely, data.train),
                  genotype,
                  count => first(() => splits.training(1), count),
                  likely.batchSize,
                ),
              ),
            ),
            TE.flatMapEither(speed => speed),
          ),
        ),
        TE.map(speed => {
          const left =
            deadline === undefined ? secondsForTraining(config, budget) : (deadline - performance.now()) / 1000
          return planTraining(config, facts, network, speed, left)
        }),
      )
    }),
  )
}

const inner = (setting: Setting, run: PlannedRun): TE.TaskEither<CpnasError, boolean> =>
  isFinished(setting.directory, run) ? TE.right(true) : performPlanned(setting, run, 0, 1)

const performOpened = (
  plan: PlannedCreation,
  opened: OpenedCreation,
  { begun, emit = () => {}, note = () => {}, signal }: Telling<OpenedCreation, undefined, CreationEvent>,
): TE.TaskEither<CpnasError, CreationResult | undefined> => {
  const { directory, stored, begun: network, budget } = plan
  const { data, engine, config } = opened
  const searching = shareOfSearch(budget)
  const setting: Setting = {
    directory,
    base: baseOf(config),
    genotype: undefined,
    teaching: undefined,
    data,
    engine,
    emit: event =>
      emit({
        ...event,
        fraction: event.kind === 'search' ? searching * event.fraction : searching + (1 - searching) * event.fraction,
      }),
    note,
    signal,
  }
  const title = config.data === null ? data.source.title : basename(config.data)
  return pipe(
    stored === undefined ? writeFingerprint(creationRun.files, directory, data.fingerprint) : TE.right(undefined),
    TE.flatMap(() => writeRunConfig(creationRun, directory, config)),
    TE.tapIO(() => () => begun?.(opened, undefined)),
    TE.flatMap(() =>
      config.search === null
        ? TE.right(true)
        : inner(setting, { kind: 'search', name: names.search, config: config.search }),
    ),
    TE.flatMap(finished =>
      finished
        ? pipe(
            trainingOf(plan, opened),
            TE.bindTo('training'),
            TE.bind('begun', ({ training }) =>
              TE.fromEither(network === undefined ? E.right(undefined) : begunWith(network, training, data.train)),
            ),
            TE.tapIO(
              ({ training }) =>
                () =>
                  emit({ type: 'planned', fraction: searching, training }),
            ),
            TE.flatMap(({ training, begun }) =>
              inner(setting, {
                kind: 'training',
                name: names.training,
                config: training,
                search: begun === undefined ? names.search : undefined,
                begun,
              }),
            ),
          )
        : TE.right(false),
    ),
    TE.flatMap(finished =>
      finished && !signal.aborted
        ? writeProduct(
            {
              directory,
              runs: (network === undefined ? [names.search, names.training] : [names.training]).map(name =>
                join(directory, name),
              ),
              title,
              initFrom: config.initFrom,
            },
            data.test,
            signal,
          )
        : TE.right(undefined),
    ),
  )
}

/**
 * Performs a planned creation in its directory: a search, unless it begins with a trained network, a training, and the files to ship. Undefined if the
 * signal stopped it, with all finished work saved. InvalidOption: too few images for a batch, a network that does not fit the memory.
 */
export const performCreation = (
  plan: PlannedCreation,
  telling: Telling<OpenedCreation, undefined, CreationEvent>,
): TE.TaskEither<CpnasError, CreationResult | undefined> => {
  const { config, budget, begun, backend } = plan
  const { search, channels } = budget
  return openRun(plan, telling, {
    prepare: ({ train }) =>
      pipe(
        search === undefined
          ? E.right(undefined)
          : pipe(
              checkMemory(searchNeed(search, train), backend),
              E.flatMap(() => openSplits(train, search, 'batches')),
              E.map(() => undefined),
            ),
        TE.fromEither,
      ),
    complete: base => ({
      ...base,
      creation: config,
      search: search ?? null,
      channels,
      initFrom: begun?.source ?? null,
    }),
    use: opened => performOpened(plan, opened, telling),
  })
}
