import type { Backend } from '@cpnas/backends'

/** The tensors, which are opaque objects, in nested plain arrays and records. */
const tensorsIn = (tree: unknown): readonly unknown[] => {
  if (Array.isArray(tree)) return tree.flatMap(tensorsIn)
  if (tree === null || typeof tree !== 'object') return []
  return Object.getPrototypeOf(tree) === Object.prototype ? Object.values(tree).flatMap(tensorsIn) : [tree]
}

/** Frees the tensors of `before`, nested plain arrays and records of them, that are not among those of `after`. */
export const disposeReplaced = <T>(backend: Backend<T>, before: unknown, after: unknown): void => {
  const kept = new Set(tensorsIn(after))
  backend.dispose(tensorsIn(before).filter(x => !kept.has(x)))
}
