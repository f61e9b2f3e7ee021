import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the example of the README prints what its comments say', () => {
  const packageRoot = new URL('..', import.meta.url)
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readFileSync(new URL('README.md', packageRoot), 'utf8'))!
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', example!], {
    cwd: packageRoot,
    encoding: 'utf8',
  })
  const promised = [...example!.matchAll(/\/\/ prints (.*)/g)].map(([, line]) => line)
  expect(output.trimEnd().split('\n')).toEqual(promised)
})
