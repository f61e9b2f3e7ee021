/** A module of Node's, without an import that a page could not follow; undefined elsewhere. */
export const nodeModule = <M>(name: string): M | undefined => {
  const { process } = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } }
  return process?.getBuiltinModule?.(`node:${name}`) as M | undefined
}
