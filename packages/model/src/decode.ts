import { formatShape, type StoredTensor, sizeOf } from '@cpnas/backends'
import type { Model } from '@cpnas/training'
import * as E from 'fp-ts/lib/Either.js'
import { endsClean, unpackSigns } from './bits.js'
import { isSealed, noChecksum, seal } from './checksum.js'
import { type ModelHead, scaleName, signsName, storedLayouts, type TensorPlan, tensorPlans } from './layout.js'
import { format, headStrings, parseHead, version } from './metadata.js'
import { decodeSafetensorsFile, encodeSafetensors, type SafetensorsFile } from './safetensors.js'

type Tensors = SafetensorsFile['tensors']

const dtypeOf = ({ values }: Tensors[string]) =>
  values instanceof Uint8Array ? 'U8' : values instanceof Float32Array ? 'F32' : 'F64'

/** The first thing that is wrong with the tensors of a file; undefined if they are those of its network. */
const wrongTensor = (tensors: Tensors, plans: readonly TensorPlan[]): string | undefined => {
  const layouts = storedLayouts(plans)
  for (const [name, { dtype, shape }] of Object.entries(layouts)) {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name]! : undefined
    if (tensor === undefined) return `lacks the tensor ${name} of its network`
    const found = `${dtypeOf(tensor)} ${formatShape(tensor.shape)}`
    const expected = `${dtype} ${formatShape(shape)}`
    if (found !== expected) return `has the tensor ${name} as ${found}, its network needs ${expected}`
  }
  const unknown = Object.keys(tensors).find(name => !Object.hasOwn(layouts, name))
  if (unknown !== undefined) return `has the tensor ${unknown}, which its network does not have`
  for (const { name, shape, scales } of plans) {
    if (scales === undefined) continue
    const wrong = Array.from(tensors[scaleName(name)]!.values).find(scale => !(scale >= 0 && scale < Infinity))
    if (wrong !== undefined) return `has the scale ${wrong} in ${scaleName(name)}`
    if (!endsClean(tensors[signsName(name)]!.values as Uint8Array, sizeOf(shape)))
      return `has more signs in ${signsName(name)} than its filter has values`
  }
  return undefined
}

const restore = (tensors: Tensors, { name, shape, scales }: TensorPlan): readonly [string, StoredTensor] => [
  name,
  scales === undefined
    ? (tensors[name] as StoredTensor)
    : {
        shape,
        values: unpackSigns(
          tensors[signsName(name)]!.values as Uint8Array,
          tensors[scaleName(name)]!.values,
          sizeOf(shape),
        ),
      },
]

/** Whether it is a model that another program saved again: the same values and words in another order. */
const isSealedOtherwise = ({ tensors, metadata }: SafetensorsFile, head: ModelHead): boolean => {
  const written = seal(encodeSafetensors(tensors, { sha256: noChecksum, ...headStrings(head) }))
  const read = decodeSafetensorsFile(written)
  return E.isRight(read) && read.right.metadata.sha256 === metadata.sha256
}

/**
 * Reads what `encodeModel` wrote, with all options of its spec filled in. The error says what is wrong with the file: no
 * safetensors file, none of a model, of another version, damaged (the checksum covers every value and word), a head that contradicts
 * itself, a tensor that is missing, not of its network, or of another shape or type.
 */
export const decodeModel = (file: Uint8Array): E.Either<string, Model> => {
  const decoded = decodeSafetensorsFile(file)
  if (E.isLeft(decoded)) return E.left(`is not a safetensors file that can be read: it ${decoded.left}`)
  const { tensors, metadata } = decoded.right
  if (metadata.format !== format)
    return E.left(`is a safetensors file, but none of a cpnas model: its metadata do not say "format": "${format}"`)
  if (metadata.version !== version)
    return E.left(`has format version ${metadata.version ?? 'none'}, this program reads ${version}`)
  const head = parseHead(metadata)
  if (!isSealed(file) && (E.isLeft(head) || !isSealedOtherwise(decoded.right, head.right)))
    return E.left('is damaged or was changed: its content does not have the hash it names')
  if (E.isLeft(head)) return E.left(`does not describe a network: ${head.left}`)
  const plans = tensorPlans(head.right)
  const wrong = wrongTensor(tensors, plans)
  if (wrong !== undefined) return E.left(wrong)
  const of = (from: TensorPlan['from']) =>
    Object.fromEntries(plans.filter(plan => plan.from === from).map(plan => restore(tensors, plan)))
  return E.right({ ...head.right, parameters: of('parameters'), statistics: of('statistics') })
}
