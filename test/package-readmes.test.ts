import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

// The examples of data, training, search, runs and cli touch files; they are run by tests beside them.
test.each(['backends', 'binarize', 'core', 'cp-loss', 'indicator', 'queue', 'supernet'])(
  'the example in the README of %s prints what its comments say',
  name => {
    const root = join(import.meta.dirname, '../packages', name)
    const [, example] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))!
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', example!], {
      cwd: root,
      encoding: 'utf8',
    })
    const promised = [...example!.matchAll(/\/\/ prints (.*)/g)].map(([, line]) => line)
    expect(promised).not.toHaveLength(0)
    expect(output.trimEnd().split('\n')).toEqual(promised)
  },
)
