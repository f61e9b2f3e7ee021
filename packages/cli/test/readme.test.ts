import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the example of the README runs and prints what it says', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)![1]!
  const directory = mkdtempSync(join(tmpdir(), 'cpnas-readme-test-'))
  try {
    const program = example.replace('--out example-run', `--out ${directory}`)
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/ parameters of 1 bit.*\n0\ntrue\n$/s)
    expect(readdirSync(directory)).toContain('genotype.json')
  } finally {
    rmSync(directory, { recursive: true })
  }
})
