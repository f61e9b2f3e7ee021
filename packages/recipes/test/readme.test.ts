import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('the example of the README runs and prints what it says', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const [, example, output] = /```ts\n(.*?)```\n\nIt prints\n\n```\n(.*?)```/s.exec(readme)!
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', example!], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  expect(run.stderr).toBe('')
  expect(run.stdout).toBe(output)
})
