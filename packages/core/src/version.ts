import { readFileSync } from 'node:fs'

/** The version of the package that a module of `src` or `dist` belongs to: `versionOf(import.meta.url)`. */
export const versionOf = (module: string): string =>
  (JSON.parse(readFileSync(new URL('../package.json', module), 'utf8')) as { readonly version: string }).version
