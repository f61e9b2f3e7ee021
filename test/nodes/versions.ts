import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** The versions of Node that everything has to work on: the one place that says them. */
export const { testedNodes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly testedNodes: readonly string[]
}

/** Path of a Node of that version: the npm package `node` has the binaries, which npm keeps in its cache. */
export const findNode = async (version: string): Promise<string> => {
  const { stdout } = await promisify(execFile)('npx', ['--yes', `--package=node@${version}`, '--', 'which', 'node'])
  return stdout.trim()
}
