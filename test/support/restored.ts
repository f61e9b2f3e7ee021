import type { StoredTensors } from '@cpnas/backends'

/** A snapshot as a later process finds it: the state through JSON, the tensors in memory of their own. Files are those of @cpnas/runs. */
export const restored = <S>({
  state,
  tensors,
}: {
  readonly state: S
  readonly tensors: StoredTensors
}): { readonly state: S; readonly tensors: StoredTensors } => ({
  state: JSON.parse(JSON.stringify(state)) as S,
  tensors: structuredClone(tensors),
})
