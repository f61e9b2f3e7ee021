import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the example of the README runs and prints what it says', () => {
  const root = new URL('..', import.meta.url)
  const [, example] = /```js\n([\s\S]*?)```/.exec(readFileSync(new URL('README.md', root), 'utf8'))!
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', example!], {
    cwd: root,
    encoding: 'utf8',
  })
  const promised = [...example!.matchAll(/\/\/ prints (.*)/g)].map(([, line]) => line)
  expect(printed.trim().split('\n')).toEqual(promised)
})
