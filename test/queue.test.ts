import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Running, run, runProcess, start } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { everyFile, jsonLines, temporary } from './support/files.js'
import { proceed } from './support/proceed.js'
import { freePort, redisProgram, startRedis, type TestRedis } from './support/redis.js'

const engine = ['--backend', 'wasm', '--threads', '1']
const brief = [
  ...['--strategy', 'cp-nas', '--epochs-per-sample', '1', '--validation-share', '0.5'],
  ...['--parallel', 'pass', '--operations', 'none,skip_connect,conv_3x3', '--passes', '2'],
  ...['--share', '0.015', '--channels', '4', '--batch-size', '32', ...engine],
]

/** The content of every file of a run that does not say when and where it was worked on. */
const contents = (directory: string) =>
  Object.fromEntries(
    readdirSync(directory)
      .filter(name => name !== 'journal.jsonl')
      .map(name => [name, readFileSync(join(directory, name), 'base64')]),
  )

/** A worker that is ready. It takes another for lost after two seconds. */
const startWorker = async (url: string, options: readonly string[] = []): Promise<Running> => {
  const worker = start([
    'worker',
    '--queue',
    url,
    '--out',
    temporary(),
    '--json',
    '--lost-after',
    '2',
    ...engine,
    ...options,
  ])
  await new Promise<void>(resolve => {
    worker.child.stdout!.on('data', text => {
      if (String(text).includes('"type":"ready"')) resolve()
    })
    worker.child.on('close', () => resolve())
  })
  return worker
}

const stopWorkers = async (workers: readonly Running[], signal: NodeJS.Signals = 'SIGINT'): Promise<void> => {
  for (const { child } of workers) child.kill(signal)
  await Promise.all(workers.map(({ finished }) => finished))
}

const withoutRedis = redisProgram === undefined
if (withoutRedis) console.log('SKIPPED queue: neither redis-server nor valkey-server is installed')

describe.skipIf(withoutRedis)('the workers of a queue', () => {
  let redis: TestRedis
  let alone: string
  beforeAll(async () => {
    redis = await startRedis()
    alone = mkdtempSync(join(tmpdir(), 'cpnas-test-'))
    expect(await run(['search', '--out', alone, '--quiet', ...brief])).toMatchObject({ code: 0 })
  })
  afterAll(async () => {
    await redis?.stop()
    rmSync(alone, { recursive: true, force: true })
  })

  test.each([1, 2, 4])('%i, which are killed at random, find byte for byte what one process finds', async count => {
    const out = temporary()
    const workers = await Promise.all(Array.from({ length: count }, () => startWorker(redis.url)))
    const search = start(['search', '--out', out, '--quiet', '--queue', redis.url, ...brief])
    let over = false
    void search.finished.then(() => {
      over = true
    })
    for (let kills = 0; kills < count + 1 && !over; kills++) {
      await setTimeout(700)
      const victim = (kills * 7) % workers.length
      workers[victim]!.child.kill('SIGKILL')
      workers[victim] = await startWorker(redis.url)
    }
    expect(await search.finished).toMatchObject({ code: 0 })
    await stopWorkers(workers)
    expect(contents(out)).toEqual(contents(alone))
    const journal = jsonLines(readFileSync(join(out, 'journal.jsonl'), 'utf8'))
    expect(journal.filter(({ by }) => by !== undefined).length).toBeGreaterThan(10)
  })

  test('go on through a restart of Redis, a minute without it, and the death of the search, with blobs in a directory', async () => {
    const [out, blobs] = [temporary(), temporary()]
    const shared = ['--blobs', blobs]
    const worker = await startWorker(redis.url, shared)
    const queued = ['--queue', redis.url, ...shared]
    const killed = await proceed(['search', ...brief, ...queued], out, 'SIGKILL', event => event.includes('"sample"'))
    expect(killed.code).toBeNull()
    await redis.restart()
    const search = start(['search', '--resume', '--out', out, '--quiet', ...queued])
    await setTimeout(1500)
    // As long as a worker may be without a sign of life, and longer.
    redis.process().kill('SIGSTOP')
    await setTimeout(4000)
    redis.process().kill('SIGCONT')
    expect(await search.finished).toMatchObject({ code: 0 })
    await stopWorkers([worker])
    expect(contents(out)).toEqual(contents(alone))
    // What the killed search had fetched and not yet removed: the weights of a sample, before and after.
    expect(Object.keys(everyFile(blobs)).length).toBeLessThanOrEqual(2)
  })

  test('perform the searches and trainings of an ablation', async () => {
    const options = [
      ...['--vary', 'train-learning-rate=0.01,0.02', '--seeds', '1', '--parents', '--epochs', '1'],
      ...['--strategy', 'random', '--evaluator', 'scratch', '--samples', '2', '--operations', 'none,conv_3x3'],
      ...['--train-share', '0.01', '--search-share', '0.01', '--train-batch-size', '16', '--search-batch-size', '16'],
      ...['--train-channels', '2', '--search-channels', '2', ...engine],
    ]
    const [here, there] = [temporary(), temporary()]
    expect(await run(['ablate', '--out', here, '--quiet', ...options])).toMatchObject({ code: 0 })
    const workers = [await startWorker(redis.url), await startWorker(redis.url)]
    const given = await runProcess(['ablate', '--out', there, '--queue', redis.url, ...options])
    expect(given).toMatchObject({ code: 0 })
    expect(given.err).toMatch(/searches\/seed-0 finished on/)
    await stopWorkers(workers)
    for (const name of ['ablation.json', 'ablation.csv'])
      expect(readFileSync(join(there, name), 'utf8')).toBe(readFileSync(join(here, name), 'utf8'))
    for (const value of ['0.01', '0.02'])
      for (const name of ['config.json', 'history.jsonl', 'genotype.json', 'best.safetensors', 'evaluation.json']) {
        const path = join('trainings', `train-learning-rate=${value}`, 'seed-0', name)
        expect(readFileSync(join(there, path))).toEqual(readFileSync(join(here, path)))
      }
    // Finished trainings are not repeated.
    const again = await run(['ablate', '--resume', '--out', there, '--queue', redis.url])
    expect(again).toMatchObject({ code: 0 })
  })

  test('build a table', async () => {
    const options = ['--architectures', '2', '--share', '0.02', '--epochs', '1', '--channels', '2', ...engine]
    const [here, there] = [temporary(), temporary()]
    expect(await run(['table', 'build', '--out', here, '--quiet', ...options])).toMatchObject({ code: 0 })
    const worker = await startWorker(redis.url)
    expect(
      await runProcess(['table', 'build', '--out', there, '--quiet', '--queue', redis.url, ...options]),
    ).toMatchObject({ code: 0 })
    await stopWorkers([worker])
    expect(contents(there)).toEqual(contents(here))
  })

  test('are shown, with what they do', async () => {
    // Those that were killed are shown for half a minute.
    const own = await startRedis()
    const worker = await startWorker(own.url)
    const status = await run(['queue', 'status', own.url])
    expect(status.out).toMatch(/1 worker\b/)
    expect(status.out).toMatch(/Fashion-MNIST │ wasm \(rounding [0-9a-f]{12}\) │ nothing/)
    expect(JSON.parse((await run(['queue', 'status', own.url, '--json'])).out)).toMatchObject({
      runs: [],
      workers: [{ finished: 0, failed: 0, threads: 1 }],
    })
    await stopWorkers([worker])
    expect(await worker.finished).toMatchObject({ code: 130, err: expect.stringContaining('Stopped after 0 tasks') })
    await own.stop()
  })

  test('refuse what cannot be shared out, and workers that round differently', async () => {
    const out = temporary()
    await expectRefusal(['search', '--strategy', 'cp-nas', '--out', out, '--queue', redis.url], out, [
      /--queue: cannot share out this search: .*Give --parallel pass/,
    ])
    const worker = await startWorker(redis.url, ['--backend', 'reference'])
    await expectRefusal(['search', '--out', out, '--queue', redis.url, '--same-engine', ...brief], out, [
      /round differently/,
    ])
    await stopWorkers([worker])
  })
})

test('a queue that is not there, or not asked for, is refused', async () => {
  const out = temporary()
  const nowhere = `redis://:hidden@127.0.0.1:${await freePort()}`
  for (const command of [
    ['worker', '--queue', nowhere, '--out', out],
    ['search', '--strategy', 'cp-nas', '--parallel', 'pass', '--queue', nowhere, '--out', out],
    ['queue', 'status', nowhere],
  ])
    await expectRefusal(command, out, [
      /: redis:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. Start one/,
      /^(?!.*hidden)/,
    ])
  await expectRefusal(['worker'], out, [/--queue: is missing/])
  await expectRefusal(['search', '--blobs', 'x', '--out', out], out, [/--blobs: .*Give --queue/])
  await expectRefusal(['worker', '--queue', 'localhost'], out, [/--queue: is no address of a Redis/])
})
