import type { StoredTensors } from '@cpnas/backends'
import { decodeSafetensors, encodeSafetensors } from '@cpnas/model'

/** A snapshot as a later process finds it: the state through JSON, the tensors through a safetensors file. Files are those of @cpnas/runs. */
export const restored = <S>({
  state,
  tensors,
}: {
  readonly state: S
  readonly tensors: StoredTensors
}): { readonly state: S; readonly tensors: StoredTensors } => {
  const file = decodeSafetensors(encodeSafetensors(tensors))
  if (file._tag === 'Left') throw new Error(file.left)
  return { state: JSON.parse(JSON.stringify(state)) as S, tensors: file.right }
}
