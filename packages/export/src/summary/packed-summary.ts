import { type StoredTensor, sizeOf } from '@cpnas/backends'
import { type ModelSummary, type SummaryRow, summarize, sumWeights, type Weight } from '@cpnas/model'
import { byteLengths, check, type PackedModel, type Program } from '@cpnas/packed'
import { networkLayers, normalizationShapes } from '@cpnas/supernet'
import type { Model } from '@cpnas/training'
import { type Either, map } from 'fp-ts/lib/Either.js'
import type { Label } from '../lower/lower.js'
import { type Labelled, packLabelled } from '../pack.js'
import { fileRow, stepRows } from './rows.js'

/** The size of a packed model's file, tensor by tensor. */
export interface PackedFileSummary {
  /** In the order of the file, what is no tensor last. */
  readonly rows: readonly SummaryRow[]
  readonly total: Weight
  /** Length of the file: `total.bytes`. */
  readonly bytes: number
}

/** For a model that does not say what its layers are called. */
const numbered = ({ steps }: Program): readonly Label[] =>
  steps.map((step, i) => ({
    name: `step ${i}`,
    terms: step.kind === 'sum' ? step.terms.map((_, j) => `step ${i} term ${j}`) : [],
  }))

const summaryOf = (model: PackedModel, labels: readonly Label[]): PackedFileSummary => {
  const { header, metadata, image, steps, total: bytes } = byteLengths(model)
  const shapes = check(model.program)
  if (shapes._tag === 'Left') throw new RangeError(`summarizePacked: ${shapes.left.message}`)
  const tensors = stepRows(model.program, shapes.right, labels)
  const records = steps.reduce((sum, step) => sum + step.records, image)
  const data = steps.reduce((sum, step) => sum + step.data, 0)
  const rows = [
    ...tensors,
    fileRow('header', header),
    fileRow('metadata', metadata),
    fileRow('records', records),
    fileRow('alignment', data - sumWeights(tensors).bytes),
  ]
  return { rows, total: sumWeights(rows), bytes }
}

/**
 * The size of a packed model's file, to the byte, with the reason for everything that is in 32 bits. A packed model does not know the names
 * of its network's layers: `step 12` is step 12 of its program. RangeError as `encode` of @cpnas/packed.
 */
export const summarizePacked = (model: PackedModel): PackedFileSummary => summaryOf(model, numbered(model.program))

const zeros = (shape: readonly number[]): StoredTensor => ({ shape, values: new Float32Array(sizeOf(shape)) })

/**
 * The size of a Child's packed file, layer by layer and to the byte, with the Parent's model file beside it: from shapes and names alone,
 * for what is folded into what does not depend on the numbers. Left as of `pack`.
 */
export const packedSummary = (
  head: Omit<Model, 'kind' | 'parameters' | 'statistics'>,
  source?: string,
): Either<string, ModelSummary> => {
  const { spec, genotype, image } = head
  const layers = networkLayers({ ...spec, auxiliary: false }, genotype, 'child')
  const normalizations = Object.entries(normalizationShapes(spec, genotype, 'child'))
  const model: Model = {
    ...head,
    kind: 'child',
    parameters: Object.fromEntries(layers.map(({ name, shape }) => [name, zeros(shape)])),
    statistics: Object.fromEntries(
      normalizations.flatMap(([name, shape]) =>
        ['mean', 'variance'].map(moment => [`${name}.${moment}`, zeros(shape)]),
      ),
    ),
  }
  return map(({ packed, labels }: Labelled): ModelSummary => {
    const summary = summaryOf(packed, labels)
    const parent = summarize(spec, genotype, 'parent', image, head).total
    return { kind: 'child', image, ...summary, parent, compression: parent.bytes / summary.bytes }
  })(packLabelled(model, { source }))
}
