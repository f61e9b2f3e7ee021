import { existsSync } from 'node:fs'
import { expect } from 'vitest'
import { run } from './cli.js'
import { everyFile } from './files.js'

const contents = (directory: string): unknown => (existsSync(directory) ? everyFile(directory) : 'nothing')

/**
 * Runs a command that must refuse: exit code 2, nothing on the standard output, one message of one line that contains
 * `words`, and `directory` as it was before.
 */
export const expectRefusal = async (
  args: readonly string[],
  directory: string,
  words: readonly (string | RegExp)[],
): Promise<void> => {
  const before = contents(directory)
  const { code, out, err } = await run(args)
  for (const word of words) expect(err).toMatch(word)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(/^cpnas: [^\n]*\.\n$/)
  expect(contents(directory)).toEqual(before)
}
