import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty directory that goes away with the test. */
export const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'cpnas-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Every file below a directory with the hash of its bytes. */
export const everyFile = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .sort()
      .map(path => [path.slice(directory.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  )

/** Every file but the journals of runs, which tell of when and where: what runs that are alike have in common. */
export const fingerprint = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(everyFile(directory)).filter(([path]) => basename(path) !== 'journal.jsonl'))

export const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

/** JSON values, one a line. */
export const jsonLines = (text: string): readonly Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
