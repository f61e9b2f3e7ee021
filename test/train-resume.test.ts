import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, test } from 'vitest'
import { type Finished, run } from './support/cli.js'
import { fingerprint, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { proceed } from './support/proceed.js'
import { smallTraining } from './support/settings.js'

type Command = readonly [name: string, ...settings: string[]]

const uninterrupted = async (command: Command): Promise<Readonly<Record<string, string>>> => {
  const directory = temporary()
  const { code, err } = await run([...command, '--out', directory, '--quiet'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return fingerprint(directory)
}

const trainingOf = (...settings: readonly string[]): Command => [
  'train',
  '--genotype',
  writeGenotype(temporary()),
  ...smallTraining,
  ...settings,
]

test.for([
  ['saved within epochs', ['--save-every', '2']],
  ['of two stages, saved by epochs', ['--stages', '2']],
] as const)(
  'killed at random moments and resumed, a training %s ends with the same bytes',
  async ([name, settings]) => {
    const command = trainingOf(...settings)
    const expected = await uninterrupted(command)
    const directory = temporary()
    const random = xoroshiro128plus(name.length)
    let kills = 0
    let finished: Finished
    do {
      // The first kills are in the training; most events of what is left then are those of the test.
      const last = uniformInt(random, 0, kills < 3 ? 18 : 75)
      finished = await proceed(command, directory, 'SIGKILL', (_, i) => i >= last)
      if (finished.code === null) expect(++kills).toBeLessThan(40)
      else expect(finished).toMatchObject({ code: 0 })
    } while (finished.code === null)
    expect(kills).toBeGreaterThan(2)
    expect(fingerprint(directory)).toEqual(expected)
  },
)

test('Ctrl-C in an epoch and in the test stops with 130, says how to go on, and going on ends with the same bytes', async () => {
  const command = trainingOf()
  const expected = await uninterrupted(command)
  const directory = temporary()
  const stops = [/^{"type":"progress".*"epoch":2.*"step":2,/, /^{"type":"test".*"network":"last".*"step":2,/]
  for (const stop of stops) {
    const { code, out, err } = await proceed(command, directory, 'SIGINT', event => stop.test(event))
    expect(err).toBe(`Stopped; all steps are saved. Continue with: cpnas train --resume --out ${directory}\n`)
    expect(code).toBe(130)
    expect(JSON.parse(out.trimEnd().split('\n').at(-1)!)).toMatchObject({ type: 'stopped', directory })
    expect(existsSync(join(directory, 'evaluation.json'))).toBe(false)
  }
  const never = () => false
  expect(await proceed(command, directory, 'SIGINT', never)).toMatchObject({ code: 0 })
  expect(fingerprint(directory)).toEqual(expected)

  // A finished run has nothing left to do.
  expect(await proceed(command, directory, 'SIGINT', never)).toMatchObject({ code: 0 })
  expect(fingerprint(directory)).toEqual(expected)
})
