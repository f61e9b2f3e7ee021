import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RanExample {
  readonly example: string
  /** What the README says that it prints, where it says so below the example. */
  readonly output: string | undefined
  readonly stdout: string
  readonly stderr: string
  /** What it left in its directory. */
  readonly files: readonly string[]
}

/**
 * Runs the example of a package's README as the package's user would; `tests` is the package's directory of tests. `placed`
 * gives the program that writes into a directory, which goes away afterwards: by default what is named 'run/... lies there.
 */
export const runReadmeExample = (
  tests: string,
  placed = (program: string, directory: string): string => program.replaceAll("'run/", `'${directory}/`),
): RanExample => {
  const readme = readFileSync(join(tests, '../README.md'), 'utf8')
  const [, example, output] = /```ts\n(.*?)```(?:\n\nIt prints\n\n```\n(.*?)```)?/s.exec(readme)!
  const directory = mkdtempSync(join(tmpdir(), 'cpnas-readme-test-'))
  try {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', placed(example!, directory)], {
      cwd: tests,
      encoding: 'utf8',
    })
    return { example: example!, output, stdout, stderr, files: readdirSync(directory) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** What the comments after console.log promise; `...` stands for further digits. */
export const promised = (example: string): RegExp => {
  const lines = [...example.matchAll(/console\.log.* \/\/ (.*)/g)].map(([, text]) => text!)
  return new RegExp(`^${lines.map(text => text.replace(/\W/g, '\\$&').replaceAll('\\.\\.\\.', '\\d*')).join('\n')}\n$`)
}
