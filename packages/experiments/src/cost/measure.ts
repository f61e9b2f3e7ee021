import { type CpnasError, cpnasError, generatorFor } from '@cpnas/core'
import { pack } from '@cpnas/export'
import { untrainedModel } from '@cpnas/model'
import { encode, type PackedModel } from '@cpnas/packed'
import type { PartTimes } from '@cpnas/runs'
import { type CostOf, candidatesOf, drawGenotype, operationsOf, type SearchConfig } from '@cpnas/search'
import { type DataFacts, type Genotype, inSpace, spaceOf, specFor } from '@cpnas/supernet'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { millisecondsOf, openRunner } from '../packed-speed.js'
import { partsOf } from './parts.js'
import { fitTimes, type TimedNetwork, timeIn } from './table.js'

/** What is known of the images of a search. */
export interface CostFacts extends DataFacts {
  readonly height: number
}

/** Random networks whose times the table is made of, and those it is tried on. */
const [fitted, tried] = [24, 8]
/** How often all networks are timed, one after the other: what slows the machine down for seconds hits a network in one round only. */
const rounds = 2
const medians = 3
const profileRepeat = 30

const packedOf = (config: SearchConfig, facts: CostFacts, genotype: Genotype): E.Either<CpnasError, PackedModel> =>
  pipe(
    pack(untrainedModel(specFor(config, facts), genotype, 'child', facts.height)),
    E.mapLeft(problem =>
      cpnasError('InvalidOption', 'space', `${config.space} has a network that ${problem}`, 'Search without a target'),
    ),
  )

/** Times a network once; nothing is awaited. */
type Timing = () => TimedNetwork

const timingOf = (packed: PackedModel): TE.TaskEither<CpnasError, Timing> =>
  pipe(
    openRunner(packed),
    TE.map(
      (runner): Timing =>
        () => {
          const { height, width, channels } = packed.program.image
          const whole = millisecondsOf(runner, packed, medians)
          const profile = runner.profile(new Float32Array(height * width * channels).fill(0.5), profileRepeat)
          const steps = partsOf(packed.program).map((parts, i) => ({ parts, milliseconds: profile[i]!.milliseconds }))
          return { steps, whole }
        },
    ),
  )

/** The smaller time of every step and of the whole. */
const fastest = (one: TimedNetwork, other: TimedNetwork): TimedNetwork => ({
  steps: one.steps.map(({ parts, milliseconds }, i) => ({
    parts,
    milliseconds: Math.min(milliseconds, other.steps[i]!.milliseconds),
  })),
  whole: Math.min(one.whole, other.whole),
})

const timeAll = (timings: readonly Timing[]): readonly TimedNetwork[] =>
  Array.from({ length: rounds }, () => timings.map(time => time())).reduce((before, after) =>
    before.map((one, i) => fastest(one, after[i]!)),
  )

/** What was measured, and by how much it is wrong of networks that it was not made of: the mean and the largest share of their time. */
export interface Measured {
  readonly table: PartTimes
  readonly error: { readonly mean: number; readonly largest: number }
}

/** Architectures of a search drawn uniformly, others for every purpose. */
export const randomArchitectures = (config: SearchConfig, purpose: string, count: number): readonly Genotype[] =>
  Array.from({ length: count }, (_, i) =>
    inSpace(spaceOf(config), drawGenotype(generatorFor(config.seed, `${purpose} ${i}`), candidatesOf(config))),
  )

/** Networks of one operation everywhere, then random ones. */
const networks = (config: SearchConfig, count: number): readonly Genotype[] => {
  const { edges } = spaceOf(config)
  const uniform = operationsOf(config).map(name => ({ normal: edges.map(() => name), reduce: edges.map(() => name) }))
  return [...uniform, ...randomArchitectures(config, 'timed network', count)]
}

/** Times networks of the search's space and size on this machine. BackendUnavailable: the packed engine cannot run. */
export const measureTimes = (config: SearchConfig, facts: CostFacts): TE.TaskEither<CpnasError, Measured> =>
  pipe(
    networks(config, fitted + tried),
    TE.traverseSeqArray(genotype => pipe(TE.fromEither(packedOf(config, facts, genotype)), TE.flatMap(timingOf))),
    TE.map(timings => {
      const all = timeAll(timings)
      const table = fitTimes(all.slice(0, -tried))
      const errors = all.slice(-tried).map(({ steps, whole }) =>
        Math.abs(
          timeIn(
            table,
            steps.map(({ parts }) => parts),
          ) /
            whole -
            1,
        ),
      )
      return { table, error: { mean: errors.reduce((a, b) => a + b, 0) / tried, largest: Math.max(...errors) } }
    }),
  )

/** What the architectures of a search cost, by a table of times; each is packed once. */
export const costsBy = (table: PartTimes, config: SearchConfig, facts: CostFacts): CostOf => {
  const known = new Map<string, ReturnType<CostOf>>()
  return genotype => {
    const name = JSON.stringify([genotype.normal, genotype.reduce])
    const before = known.get(name)
    if (before) return before
    const packed = packedOf(config, facts, genotype)
    if (E.isLeft(packed)) throw new RangeError(packed.left.problem)
    const cost = {
      milliseconds: timeIn(table, partsOf(packed.right.program)),
      kilobytes: encode(packed.right).length / 1000,
    }
    known.set(name, cost)
    return cost
  }
}
