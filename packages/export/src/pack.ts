import { check, type PackedModel } from '@cpnas/packed'
import type { Model } from '@cpnas/training'
import { type Either, left, map, right } from 'fp-ts/lib/Either.js'
import { graphOf } from './graph.js'
import { type Lowered, lower } from './lower/lower.js'
import { Refusal } from './refusal.js'
import { version } from './version.js'

const notFinite = ({ parameters, statistics }: Model): string | undefined => {
  for (const [name, { values }] of [...Object.entries(parameters), ...Object.entries(statistics)]) {
    const wrong = values.find((value: number) => !Number.isFinite(value))
    if (wrong !== undefined) return `has the value ${wrong} in ${name}`
  }
  return undefined
}

/** What a packed model says of itself besides what its model says. */
export interface PackOptions {
  /** The run or file that the model is of. Default: none. */
  readonly source?: string | undefined
  /** The licence that it is published under. Default: none. */
  readonly licence?: string | undefined
}

/** A packed model with what its steps come from. */
export interface Labelled {
  readonly packed: PackedModel
  readonly labels: Lowered['labels']
}

export const packLabelled = (model: Model, { source, licence }: PackOptions = {}): Either<string, Labelled> => {
  if (model.kind === 'parent')
    return left('is a Parent, in full precision, and only 1-bit networks are packed; export it as onnx')
  const wrong = notFinite(model)
  if (wrong !== undefined) return left(wrong)
  try {
    const { program, labels } = lower(graphOf(model))
    const checked = check(program)
    if (checked._tag === 'Left') return left(`is larger than packed models can be: ${checked.left.message}`)
    const { genotype, classNames, normalization, trainedOn } = model
    const metadata = {
      classes: classNames,
      normalization: { mean: normalization.mean, std: normalization.std },
      genotype: { normal: genotype.normal, reduce: genotype.reduce },
      ...(source !== undefined && { source }),
      madeBy: `cpnas ${version}`,
      ...(licence !== undefined && { licence }),
      ...(trainedOn !== undefined && { trainedOn }),
    }
    return right({ packed: { metadata, program }, labels })
  } catch (thrown) {
    if (thrown instanceof Refusal) return left(thrown.message)
    throw thrown
  }
}

/**
 * A Child as a program of packed bits that computes what it computes in evaluation mode. Normalizations, the filters' scales and
 * signs are folded in float64: into an integer threshold a channel where nothing but signs of a convolution are asked for, else
 * into a scale and a bias.
 *
 * Left says why there is none, as what follows "the model": it is a Parent; it has a value that is not finite or a 1-bit filter
 * that is not alpha * +-1; it is larger than the format allows; it does what cannot be expressed.
 */
export const pack = (model: Model, options?: PackOptions): Either<string, PackedModel> =>
  map(({ packed }: Labelled) => packed)(packLabelled(model, options))
