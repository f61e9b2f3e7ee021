import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { presets } from '@cpnas/search'
import { expect, test } from 'vitest'
import { testedNodes } from './nodes/versions.js'
import { packages } from './publishing/pack.js'
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

test('the versions of Node that are tested stand in one place, and everything that names them agrees', () => {
  const [first, ...others] = testedNodes as readonly [string, ...string[]]
  const and = `${[first, ...others.slice(0, -1)].join(', ')} and ${others.at(-1)}`
  expect(readme).toContain(`You need Node (${and} are tested) and npm.`)
  expect(readme).toContain(`| \`wasm\` | float32, SIMD, threads over shared memory | Node ${and} |`)
  for (const { name, engines } of packages) {
    expect([name, engines]).toEqual([name, { node: `>=${first}` }])
    const own = readFileSync(join(root, 'packages', name.replace('@cpnas/', ''), 'README.md'), 'utf8')
    expect(own).toContain(`For Node ${and.replace(' and ', ' or ')}`)
  }
})
