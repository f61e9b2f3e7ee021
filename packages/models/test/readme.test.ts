import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { models } from '@cpnas/models'
import { expect, it } from 'vitest'
import { runReadmeExample } from '../../../test/support/readme-example.js'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

it('the example of the README runs and prints what its comments say', () => {
  const { example, stdout, stderr } = runReadmeExample(import.meta.dirname)
  expect(stderr).toBe('')
  expect(stdout.trimEnd().split('\n')).toEqual([...example.matchAll(/\/\/ prints (.*)/g)].map(([, line]) => line))
})

it.each(models)('the README has the card of $name', ({ name, description, bytes, accuracy, data, commands }) => {
  const row = readme.split('\n').find(line => line.startsWith(`| \`${name}\` |`))
  for (const text of [
    description,
    bytes.toLocaleString('en'),
    `${(100 * accuracy.top1).toFixed(1)} % ± ${(100 * accuracy.error).toFixed(1)}`,
    accuracy.images.toLocaleString('en'),
  ])
    expect(row).toContain(text)
  expect(readme).toContain(`${data.name}: ${data.licence}`)
  for (const command of commands) expect(readme).toContain(command)
})
