import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { presets } from '@cpnas/search'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

test('the table of presets is true', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` \| (\d+) cells, (\d+) channels \| (\d+) \|/gm)]
  expect(rows.map(([, name, ...numbers]) => [name, ...numbers.map(Number)])).toEqual(
    Object.entries(presets).map(([name, { cells, channels, passes }]) => [name, cells, channels, passes]),
  )
})

test('every command of the README has the options it is shown with', async () => {
  const commands = [...readme.matchAll(/^pnpm cpnas (.*?)(?: +#.*)?$/gm)].map(([, words]) => words!.split(' '))
  expect(commands.length).toBeGreaterThan(3)
  for (const words of commands) {
    const { code, out } = await run([...words, '--help'])
    expect(code).toBe(0)
    for (const option of words.filter(word => word.startsWith('--'))) expect(`${out}--help`).toContain(option)
  }
})

test('the packages named are those there are', () => {
  const named = [...readme.matchAll(/\(packages\/([\w-]+)\)/g)].map(([, name]) => name!)
  for (const name of named)
    expect(readFileSync(join(root, 'packages', name, 'README.md'), 'utf8')).toContain(`# @cpnas/${name}`)
})
