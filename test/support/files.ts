import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty directory that goes away with the test. */
export const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'cpnas-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Every file below a directory with the hash of its bytes. */
export const fingerprint = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .sort()
      .map(path => [path.slice(directory.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  )

export const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
