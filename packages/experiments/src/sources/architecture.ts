import { type GenotypeFile, resolveSpec, spaceOf } from '@cpnas/supernet'
import type { Model, TrainingConfig } from '@cpnas/training'

/** Cells and, from a model, the options that its network has unless others are given. */
export interface Architecture {
  readonly genotype: GenotypeFile | undefined
  readonly options: Partial<TrainingConfig>
}

/** What the network of a model is, for a training that begins with it. */
export const architectureOf = ({ spec, genotype }: Model): Architecture & { readonly genotype: GenotypeFile } => {
  const space = spaceOf(spec)
  const resolved = resolveSpec(spec)
  const names = ['cells', 'channels', 'stem', 'affine', 'estimator', 'scale', ...space.options] as const
  return {
    genotype: { genotype, space },
    options: Object.fromEntries(names.map(name => [name, resolved[name as keyof typeof resolved]])),
  }
}
