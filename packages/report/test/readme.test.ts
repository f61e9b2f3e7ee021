import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** What the comments after console.log promise; `...` stands for further digits. */
const promised = (example: string): RegExp => {
  const lines = [...example.matchAll(/console\.log.* \/\/ (.*)/g)].map(([, text]) => text!)
  return new RegExp(`^${lines.map(text => text.replace(/\W/g, '\\$&').replaceAll('\\.\\.\\.', '\\d*')).join('\n')}\n$`)
}

it('the example of the README runs and prints what it says', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)![1]!
  const directory = mkdtempSync(join(tmpdir(), 'cpnas-readme-test-'))
  try {
    const program = example.replaceAll("'run/", `'${directory}/`)
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    })
    expect(run.stderr).toBe('')
    expect(run.stdout).toMatch(promised(example))
    expect(readdirSync(directory)).toContain('report.html')
  } finally {
    rmSync(directory, { recursive: true })
  }
})
