import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, json, jsonLines, temporary } from './support/files.js'
import { proceed } from './support/proceed.js'

const brief = [
  ...['--space', 'tiny', '--channels', '4', '--share', '0.02', '--epochs-per-sample', '1'],
  ...['--evaluator', 'scratch', '--samples', '8', '--threads', '1', '--backend', 'wasm'],
]

interface Point {
  readonly accuracyChild: number
  readonly milliseconds: number
  readonly kilobytes: number
}

test('a search with two goals leaves its front, and resumes with the times that it was begun with', async () => {
  const out = temporary()
  const killed = await proceed(
    ['search', '--strategy', 'nsga-ii', '--population', '4', ...brief],
    out,
    'SIGKILL',
    event => event.includes('"type":"sample"'),
  )
  expect(killed.code).toBeNull()
  const { times } = json(join(out, 'config.json')) as { readonly times: object }
  const resumed = await run(['search', '--resume', '--out', out, '--quiet'])
  expect(resumed).toMatchObject({ code: 0 })
  expect(resumed.out).toMatch(/Packed: \d+\.\d kB, \d\.\d{3} ms an image/)
  expect(resumed.out).toContain('front: ms an image, packed')
  expect(json(join(out, 'config.json'))).toMatchObject({ times })

  const front = json(join(out, 'front.json')) as readonly Point[]
  const samples = jsonLines(readFileSync(join(out, 'history.jsonl'), 'utf8'))
  expect(samples).toHaveLength(8)
  expect(Math.max(...front.map(({ accuracyChild }) => accuracyChild))).toBe(
    Math.max(...samples.map(({ accuracyChild }) => accuracyChild as number)),
  )
  for (const [i, { accuracyChild, milliseconds }] of front.slice(1).entries()) {
    expect(milliseconds).toBeGreaterThan(front[i]!.milliseconds)
    expect(accuracyChild).toBeGreaterThan(front[i]!.accuracyChild)
  }
  expect(readFileSync(join(out, 'front.svg'), 'utf8')).toMatch(/^<svg/)
  // A finished search gives the same again.
  const before = fingerprint(out)
  expect(await run(['search', '--resume', '--out', out, '--quiet'])).toMatchObject({ code: 0 })
  expect(fingerprint(out)).toEqual(before)
})

test('a target is met, and one that nothing meets is refused', async () => {
  const out = temporary()
  expect(
    await run(['search', '--strategy', 'random', '--target-kb', '9', '--out', out, '--quiet', ...brief]),
  ).toMatchObject({ code: 0 })
  for (const { kilobytes } of json(join(out, 'front.json')) as readonly Point[])
    expect(kilobytes).toBeLessThanOrEqual(9)
  const other = temporary()
  const impossible = ['search', '--strategy', 'random', '--target-ms', '0.000001', '--out', other, '--quiet', ...brief]
  const refused = await run(impossible)
  expect(refused).toMatchObject({ code: 2, out: '' })
  expect(refused.err).toMatch(/--target-ms: is met by none of 200 random architectures; the fastest takes 0\.\d{3} ms/)
  await expectRefusal(['search', '--strategy', 'cp-nas', '--target-ms', '1', '--out', other], other, [
    /--target-ms: .*--strategy/,
  ])
  await expectRefusal(['ablate', '--vary', 'population=2,3', '--strategy', 'nsga-ii', '--out', other], other, [
    /for `cpnas search`/,
  ])
})
