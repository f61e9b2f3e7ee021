import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { availableBackends } from '@cpnas/backends'
import { expect, test } from 'vitest'
import { run, start } from './support/cli.js'
import { json, temporary } from './support/files.js'
import { proceed } from './support/proceed.js'
import { tiny } from './support/settings.js'

const webgpu = (await availableBackends()).find(({ name }) => name === 'tfjs-webgpu')
if (!webgpu?.available) console.warn(`SKIPPED tfjs-webgpu: ${webgpu?.reason}`)

/** Four samples. */
const settings = [...tiny, '--passes', '2']

const isSample = (event: string): boolean => event.includes('{"type":"sample"')

interface Sample {
  readonly architecture: unknown
  readonly lossParent: number
}

const samples = (directory: string): readonly Sample[] =>
  readFileSync(join(directory, 'history.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(({ type }) => type === 'sample')

const engineOf = (directory: string): unknown => (json(join(directory, 'config.json')) as { backend: unknown }).backend

test.skipIf(!webgpu?.available)(
  'a search goes from wasm to tfjs-webgpu, whose device is lost, and back: with the same samples and nearly the same losses',
  async () => {
    const expected = temporary()
    expect(await run(['search', '--out', expected, '--quiet', '--backend', 'wasm', ...settings])).toMatchObject({
      code: 0,
    })

    const directory = temporary()
    const command = ['search', '--backend', 'wasm', ...settings] as const
    expect(await proceed(command, directory, 'SIGINT', isSample)).toMatchObject({ code: 130 })
    const done = samples(directory).length
    expect(done).toBeLessThan(3)

    const resume = ['search', '--resume', '--out', directory, '--quiet']
    const preload = new URL('./support/failing-gpu.mjs', import.meta.url).href
    const failed = await start([...resume, '--backend', 'tfjs-webgpu'], undefined, {
      NODE_OPTIONS: `--import ${preload}`,
      FAILING_GPU_HISTORY: join(directory, 'history.jsonl'),
      FAILING_GPU_SAMPLES: String(done + 1),
    }).finished
    expect(failed.err).toMatch(
      /^cpnas: tfjs-webgpu: the GPU device was lost [^\n]*All finished samples are saved[^\n]*cpnas search --resume --out [^\n]* --backend NAME\.\n$/m,
    )
    expect(failed.err).not.toMatch(/^ +at /m)
    expect(failed).toMatchObject({ code: 1, out: '' })
    expect(existsSync(join(directory, 'run.lock'))).toBe(false)
    expect(samples(directory)).toHaveLength(done + 1)
    expect(engineOf(directory)).toBe('tfjs-webgpu')

    expect(await run([...resume, '--backend', 'wasm'])).toMatchObject({ code: 0, err: '' })
    expect(engineOf(directory)).toBe('wasm')
    const [found, wanted] = [samples(directory), samples(expected)]
    expect(found.map(({ architecture }) => architecture)).toEqual(wanted.map(({ architecture }) => architecture))
    expect(found.slice(0, done)).toEqual(wanted.slice(0, done))
    for (const [i, { lossParent }] of found.entries())
      expect(Math.abs(lossParent - wanted[i]!.lossParent)).toBeLessThan(1e-4 * wanted[i]!.lossParent)
  },
)

test('tfjs-cpu goes on where wasm stopped, and is then the engine of the run', async () => {
  const directory = temporary()
  const command = ['search', '--backend', 'wasm', ...tiny] as const
  expect(await proceed(command, directory, 'SIGINT', isSample)).toMatchObject({ code: 130 })
  expect(await run(['search', '--resume', '--out', directory, '--quiet', '--backend', 'tfjs-cpu'])).toEqual({
    code: 0,
    out: expect.stringContaining('Files in'),
    err: '',
  })
  expect(engineOf(directory)).toBe('tfjs-cpu')
  expect(samples(directory)).toHaveLength(2)
})
