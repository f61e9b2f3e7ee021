import { createRunner, from, type PackedModel, type Runner } from '@cpnas/packed'
import { base64 } from '../model/best.cpnas?base64'
import { fromBase64 } from './base64.js'

export interface Network {
  readonly model: PackedModel
  readonly runner: Runner
  /** Size of its file. */
  readonly bytes: number
}

/** The packed network, which is a part of this script. */
export const openNetwork = async (): Promise<Network> => {
  const bytes = fromBase64(base64)
  const model = from(bytes)
  if (model._tag === 'Left') throw new Error(`best.cpnas: ${model.left.message}`)
  return { model: model.right, runner: await createRunner(model.right), bytes: bytes.length }
}
