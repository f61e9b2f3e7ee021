import type { StoredTensors } from '@cpnas/backends'

/** The weights that a pass begins with, and those that its samples so far have left. */
export interface PassWeights {
  readonly begin: StoredTensors
  readonly trained: readonly StoredTensors[]
}

/** The weights of a pass that begins. */
export const passFrom = (begin: StoredTensors): PassWeights => ({ begin, trained: [] })

/** Element by element, summed in the order given, in double precision. */
const meanOf = (values: readonly ArrayLike<number>[]): Float32Array =>
  Float32Array.from(values[0]!, (_, i) => values.reduce((sum, one) => sum + one[i]!, 0) / values.length)

/** The weights after a pass: what one sample has trained is as it left it, what several have trained is their mean. */
export const mergePass = ({ begin, trained }: PassWeights): StoredTensors => {
  const merged: Record<string, StoredTensors[string]> = { ...begin }
  for (const key of new Set(trained.flatMap(tensors => Object.keys(tensors)))) {
    const all = trained.flatMap(tensors => tensors[key] ?? [])
    const [first] = all
    merged[key] = all.length === 1 ? first! : { shape: first!.shape, values: meanOf(all.map(({ values }) => values)) }
  }
  return merged
}

/** As tensors of one checkpoint: `PART:NAME`, part 0 being what the pass began with. */
export const storePass = ({ begin, trained }: PassWeights): StoredTensors =>
  Object.fromEntries(
    [begin, ...trained].flatMap((tensors, part) =>
      Object.entries(tensors).map(([name, tensor]) => [`${part}:${name}`, tensor]),
    ),
  )

/** The inverse of `storePass`. */
export const restorePass = (stored: StoredTensors): PassWeights => {
  const parts: Record<string, StoredTensors[string]>[] = [{}]
  for (const [key, tensor] of Object.entries(stored)) {
    const colon = key.indexOf(':')
    const part = Number(key.slice(0, colon))
    parts[part] = { ...parts[part], [key.slice(colon + 1)]: tensor }
  }
  const [begin, ...trained] = parts
  return { begin: begin!, trained }
}
