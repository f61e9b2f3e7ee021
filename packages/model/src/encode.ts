import { formatShape, type StoredTensor, type StoredTensors } from '@cpnas/backends'
import type { Model } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { packSigns } from './bits.js'
import { noChecksum, seal } from './checksum.js'
import { packedBytes, scaleName, signsName, type TensorPlan, tensorPlans } from './layout.js'
import { headStrings, parseHead } from './metadata.js'
import { type ByteTensor, encodeSafetensors } from './safetensors.js'

const fail = (problem: string): never => {
  throw new RangeError(`encodeModel: ${problem}`)
}

const single = (values: StoredTensor['values']): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values)

/** The magnitudes of a filter, one for every channel or one for all. */
const magnitudes = (name: string, values: Float32Array, count: number): Float32Array => {
  const scales = Float32Array.from({ length: count }, (_, i) => Math.abs(values[i] ?? 0))
  values.forEach((value, i) => {
    const scale = scales[i % count]!
    if (Math.abs(value) !== scale || scale === Infinity)
      fail(`${name} is no 1-bit filter: ${value} where ${scale} or ${-scale} is expected`)
  })
  return scales
}

const storedTensors = (
  { name, shape, scales }: TensorPlan,
  tensors: StoredTensors,
): (readonly [string, StoredTensor | ByteTensor])[] => {
  const tensor = tensors[name] ?? fail(`${name} is missing`)
  if (formatShape(tensor.shape) !== formatShape(shape))
    fail(`${name} has shape ${formatShape(tensor.shape)}, its network needs ${formatShape(shape)}`)
  const values = single(tensor.values)
  return scales === undefined
    ? [[name, { shape, values }]]
    : [
        [signsName(name), { shape: [packedBytes(values.length)], values: packSigns(values) }],
        [scaleName(name), { shape: [scales], values: magnitudes(name, values, scales) }],
      ]
}

/**
 * A model as a safetensors file. Its metadata are strings: `sha256` (of the whole file with zeros in the place of these 64
 * digits), `format` cpnas-model, `version` 1, `kind`, and as JSON `spec`, `genotype`, `classes`, `image`, `normalization`, `trainedOn` where
 * that is known. A
 * 1-bit filter X is stored as X.signs (U8: a bit a value, row-major, the first value in the lowest bit, 1 for +) and X.scale
 * (F32, [channels] or [1]); all else is F32 under its own name. `decodeModel` gives float32 values back bit for bit; float64
 * values, those of the reference engine, are rounded.
 *
 * Throws RangeError for a model that is none: a head that contradicts itself, a tensor that is missing, of another shape or of
 * no layer of the network (the auxiliary head has none in a model), a 1-bit filter that is not alpha * +-1.
 */
export const encodeModel = (model: Model): Uint8Array => {
  const strings = headStrings(model)
  const head = parseHead(strings)
  if (E.isLeft(head)) return fail(head.left)
  const plans = tensorPlans(model)
  for (const from of ['parameters', 'statistics'] as const) {
    const known = new Set(plans.filter(plan => plan.from === from).map(({ name }) => name))
    const unknown = Object.keys(model[from]).find(name => !known.has(name))
    if (unknown !== undefined) fail(`its network has no ${unknown}`)
  }
  const tensors = Object.fromEntries(plans.flatMap(plan => storedTensors(plan, model[plan.from])))
  return seal(encodeSafetensors(tensors, { sha256: noChecksum, ...strings }))
}
