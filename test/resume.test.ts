import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, test } from 'vitest'
import { type Finished, run } from './support/cli.js'
import { fingerprint, json, jsonLines, temporary } from './support/files.js'
import { proceed } from './support/proceed.js'
import { small } from './support/settings.js'

const uninterrupted = async (settings: readonly string[]): Promise<Readonly<Record<string, string>>> => {
  const directory = temporary()
  const { code } = await run(['search', '--out', directory, '--quiet', ...settings])
  expect(code).toBe(0)
  return fingerprint(directory)
}

const never = () => false

/** The last step before a sample is saved. */
const saving = (event: string): boolean =>
  /"phase":"evaluate","network":"parent".*"step":(\d+),"steps":\1\b/.test(event)

test.for([1, 2])(
  'killed at random moments and resumed, a search on %i threads ends with the same bytes',
  async threads => {
    const settings = [...small, '--threads', String(threads)]
    const expected = await uninterrupted(settings)
    const directory = temporary()
    const random = xoroshiro128plus(threads)
    let kills = 0
    let finished: Finished
    do {
      const last = uniformInt(random, 0, 60)
      const whileSaving = uniformInt(random, 0, 2) === 0
      finished = await proceed(
        ['search', ...settings],
        directory,
        'SIGKILL',
        (event, i) => i >= last || (whileSaving && saving(event)),
      )
      if (finished.code === null) expect(++kills).toBeLessThan(40)
      else expect(finished).toMatchObject({ code: 0 })
    } while (finished.code === null)
    expect(kills).toBeGreaterThan(1)
    expect(fingerprint(directory)).toEqual(expected)
  },
)

test('Ctrl-C stops with 130, says how to go on, and going on ends with the same bytes', async () => {
  const expected = await uninterrupted(small)
  const directory = temporary()
  const { code, out, err } = await proceed(['search', ...small], directory, 'SIGINT', event =>
    event.startsWith('{"type":"sample"'),
  )
  expect(err).toBe(`Stopped; all finished samples are saved. Continue with: cpnas search --resume --out ${directory}\n`)
  expect(code).toBe(130)
  expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({ type: 'stopped', directory })
  expect(existsSync(join(directory, 'genotype.json'))).toBe(false)

  // On as many threads as there are now.
  const resume = ['search', '--out', directory, '--resume', '--quiet', '--threads', '2']
  expect(await run(resume)).toMatchObject({ code: 0 })
  expect(json(join(directory, 'config.json'))).toMatchObject({ threads: 2 })
  expect({ ...fingerprint(directory), 'config.json': expected['config.json'] }).toEqual(expected)

  // A finished run has nothing left to do.
  const finished = fingerprint(directory)
  expect(await proceed(['search', ...small], directory, 'SIGINT', never)).toMatchObject({ code: 0 })
  expect(fingerprint(directory)).toEqual(finished)

  const told = (file: string) => jsonLines(readFileSync(join(directory, file), 'utf8'))
  const journal = told('journal.jsonl')
  expect(journal.map(({ type }) => type).filter(type => type !== 'saved')).toEqual([
    ...['start', 'stopped'],
    ...['start', 'finished'],
    ...['start', 'finished'],
  ])
  const times = journal.map(({ time }) => time)
  expect(times).toEqual([...times].sort())
  // The warm-up, and the sample in which the signal came; then the rest, sample by sample.
  const all = told('history.jsonl').length
  const starts = journal.filter(({ type }) => type === 'start')
  expect(starts.map(({ entries, threads }) => [entries, threads])).toEqual([
    [0, 1],
    [2, 2],
    [all, 2],
  ])
  expect(journal.filter(({ type }) => type === 'saved').map(({ entries }) => entries)).toEqual([1, 2, 3, 5, 6, 8])
})
