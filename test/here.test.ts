import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, runProcess } from './support/cli.js'
import { temporary } from './support/files.js'
import { tiny } from './support/settings.js'

test('cpnas alone says which runs are here, and what to do next', async () => {
  const directory = temporary()
  const nothing = await runProcess([], directory)
  expect(nothing).toMatchObject({ code: 0, err: '' })
  expect(nothing.out).toMatch(/^cpnas \d.*\nNo runs in this directory\.\nTo begin:\n {2}cpnas create PICTURES: /)

  expect(await runProcess(['search', '--out', 'done', '--quiet', ...tiny], directory)).toMatchObject({ code: 0 })
  mkdirSync(join(directory, 'begun'))
  writeFileSync(join(directory, 'begun/config.json'), JSON.stringify({ format: 'cpnas-training', version: 1 }))
  mkdirSync(join(directory, 'other'))
  writeFileSync(join(directory, 'other/config.json'), 'no JSON')
  const { code, out } = await runProcess([], directory)
  expect(code).toBe(0)
  expect(out).toContain(`
Runs in this directory:
  begun: a training, unfinished. Next: cpnas train --resume --out begun
  done: a search, finished. Next: cpnas train --genotype done
To begin:
`)
})

test('bash completes commands, then their options, then files', async () => {
  const { code, out: script } = await run(['completion'])
  expect(code).toBe(0)
  const completed = (...words: readonly string[]): readonly string[] => {
    const program = `${script}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _cpnas; echo "\${COMPREPLY[@]}"`
    const { status, stdout } = spawnSync('bash', ['-c', program], { encoding: 'utf8' })
    expect(status).toBe(0)
    return stdout.trim().split(' ')
  }
  expect(completed('cpnas', 'cr')).toEqual(['create'])
  expect(completed('cpnas', 'search', '--pre')).toEqual(['--preset', '--prelu', '--preprocess-precision'])
  expect(completed('cpnas', 'data', 'g')).toEqual(['get'])
  expect(completed('cpnas', 'create', '--no-f')).toEqual(['--no-flip'])
  expect(completed('cpnas', 'eval', 'mod')).toEqual([''])
})

test.each(['zsh', 'fish'])('there is a script for %s, which that shell takes', async shell => {
  const { code, out: script } = await run(['completion', '--shell', shell])
  expect(code).toBe(0)
  expect(script).toContain('--seed'.slice(shell === 'fish' ? 2 : 0))
  const { error, status, stderr } = spawnSync(shell, ['-c', script], { encoding: 'utf8' })
  if (error !== undefined) return console.warn(`SKIPPED completion in ${shell}: it is not installed`)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
