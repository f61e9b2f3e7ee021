import type { CpnasError } from '@cpnas/core'
import { type GenotypeFile, resolveSpec, type Space, spaceOf } from '@cpnas/supernet'
import type { Model, TrainingConfig } from '@cpnas/training'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { trainingRun } from '../training/kind.js'
import { formatIn, readTraining } from './model.js'
import { readInitialModel } from './weights.js'

/** Cells, and the options that make a network of them. */
export interface Architecture {
  readonly genotype: GenotypeFile
  readonly options: Partial<TrainingConfig>
}

const optionsOf = (space: Space, values: object): Partial<TrainingConfig> => {
  const names = ['cells', 'channels', 'stem', 'affine', 'estimator', 'scale', ...space.options] as const
  return { space: space.name, ...Object.fromEntries(names.map(name => [name, values[name as keyof typeof values]])) }
}

/** What the network of a model is. */
export const architectureOf = ({ spec, genotype }: Model): Architecture => {
  const space = spaceOf(spec)
  return { genotype: { genotype, space }, options: optionsOf(space, resolveSpec(spec)) }
}

/**
 * What the network is that a training begins with: that of a model file, of the zoo or of another training. Undefined for a search, whose
 * weights are those of many. Errors InvalidModel, InvalidCheckpoint.
 */
export const readArchitecture = (source: string): TE.TaskEither<CpnasError, Architecture | undefined> =>
  pipe(
    readInitialModel(source),
    TE.flatMap((model): TE.TaskEither<CpnasError, Architecture | undefined> => {
      if (model !== undefined) return TE.right(architectureOf(model))
      return pipe(
        TE.fromTask(() => formatIn(source)),
        TE.flatMap(format => (format === trainingRun.format ? readTraining(source) : TE.right(undefined))),
        TE.map(run => {
          if (run === undefined) return undefined
          const space = spaceOf(run.training)
          return { genotype: { genotype: run.genotype, space }, options: optionsOf(space, run.training) }
        }),
      )
    }),
  )
