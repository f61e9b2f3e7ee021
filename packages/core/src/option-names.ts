import type { CpnasError } from './errors.js'

/** `betaP` to `beta-p`. */
export const kebabCase = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

const isCamelCase = (name: string): boolean => /[A-Z]/.test(name)

/** Tags of errors that are about an option, which `where` then names. */
const aboutOptions: readonly string[] = [
  'InvalidOption',
  'BackendUnavailable',
  'NonFiniteLoss',
] satisfies readonly CpnasError['_tag'][]

/**
 * Errors that name options by other names, e.g. as flags of a command line. A message names an option in backticks, alone or with its value
 * (`` `out` ``, `` `cells 3` ``); any other word is left alone, for `share` may be just that. An error about options names them by a name in
 * camel case (`batchSize`) or with its present value (`share (now 0.5)`), too; its `where` is one, several (`cells, channels`), or one and
 * more (`config file.json`).
 */
export const renameOptions = (
  names: readonly string[],
  rename: (name: string) => string,
): ((error: CpnasError) => CpnasError) => {
  const known = new Set(names)
  const renamed = (name: string): string => (known.has(name) ? rename(name) : name)
  const inText = (text: string, about: boolean): string =>
    text.replace(/\b[a-z][a-zA-Z0-9]*\b/g, (word, at: number) => {
      const quoted = text[at - 1] === '`'
      const plain = about && (isCamelCase(word) || text.startsWith(' (now ', at + word.length))
      return quoted || plain ? renamed(word) : word
    })
  const inWhere = (text: string): string =>
    text
      .split(', ')
      .map(part => part.replace(/^[a-zA-Z0-9]+(?= |$)/, renamed))
      .join(', ')
  return error => {
    const about = aboutOptions.includes(error._tag)
    return {
      ...error,
      where: about ? inWhere(error.where) : error.where,
      problem: inText(error.problem, about),
      remedy: inText(error.remedy, about),
    }
  }
}
