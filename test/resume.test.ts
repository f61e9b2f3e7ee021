import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, test } from 'vitest'
import { type Finished, run, start } from './support/cli.js'
import { fingerprint, temporary } from './support/files.js'
import { small } from './support/settings.js'

const uninterrupted = async (settings: readonly string[]): Promise<Readonly<Record<string, string>>> => {
  const directory = temporary()
  const { code } = await run(['search', '--out', directory, '--quiet', ...settings])
  expect(code).toBe(0)
  return fingerprint(directory)
}

/** Goes on with a run, or begins it if there is none yet. */
const proceed = (directory: string, settings: readonly string[], ...further: readonly string[]) =>
  existsSync(join(directory, 'config.json'))
    ? start(['search', '--out', directory, '--resume', ...further])
    : start(['search', '--out', directory, ...settings, ...further])

test.for([1, 2])('killed at random moments and resumed, a search on %i threads ends with the same bytes', async threads => {
  const settings = [...small, '--threads', String(threads)]
  const expected = await uninterrupted(settings)
  const directory = temporary()
  const random = xoroshiro128plus(threads)
  let kills = 0
  let finished: Finished
  do {
    const { child, finished: end } = proceed(directory, settings, '--quiet')
    const timer = new AbortController()
    void setTimeout(300 + 900 * uniformFloat64(random), undefined, { signal: timer.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    )
    finished = await end
    timer.abort()
    if (finished.code === null) kills++
    else expect(finished).toMatchObject({ code: 0 })
  } while (finished.code === null)
  expect(kills).toBeGreaterThan(1)
  expect(fingerprint(directory)).toEqual(expected)
})

test('Ctrl-C stops with 130, says how to go on, and going on ends with the same bytes', async () => {
  const expected = await uninterrupted(small)
  const directory = temporary()
  const { child, finished } = proceed(directory, small, '--json')
  let seen = ''
  child.stdout!.on('data', text => {
    seen += text
    if (seen.includes('"type":"sample"')) child.kill('SIGINT')
  })
  const { code, out, err } = await finished
  expect(code).toBe(130)
  expect(err).toBe(`Stopped; all finished samples are saved. Continue with: cpnas search --resume --out ${directory}\n`)
  expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({ type: 'stopped', directory })
  expect(existsSync(join(directory, 'genotype.json'))).toBe(false)

  const { code: resumed } = await proceed(directory, small).finished
  expect(resumed).toBe(0)
  expect(fingerprint(directory)).toEqual(expected)

  // A finished run has nothing left to do.
  expect(await proceed(directory, small, '--quiet').finished).toMatchObject({ code: 0 })
  expect(fingerprint(directory)).toEqual(expected)
})
