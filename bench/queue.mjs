// pnpm bench:queue: what the queue costs. Workers that sleep in place of computing take tasks from one Redis, and a run gives them out: tasks
// a second, memory of Redis and time of the run's process for every task, at several numbers of workers and tasks. Starts a Redis of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { serve, withGiver } from '@cpnas/queue'
import Table from 'cli-table3'
import { right } from 'fp-ts/lib/Either.js'
import { Redis } from 'ioredis'

const { values } = parseArgs({
  options: {
    // Numbers of workers and of tasks.
    runs: { type: 'string', default: '10x1000,100x1000,100x10000,1000x10000,1000x100000' },
    sleep: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '4' },
    port: { type: 'string', default: '6399' },
    // Of the processes that it starts itself.
    serve: { type: 'string' },
  },
})
const address = `redis://127.0.0.1:${values.port}`
const identity = { version: '0', images: { title: 'none', digest: 'd'.repeat(64) } }

if (values.serve !== undefined) {
  const one = () => {
    const stop = new AbortController()
    process.on('SIGTERM', () => stop.abort())
    return serve(
      { address },
      {
        ...identity,
        ...{ engine: 'sleep', rounding: '', threads: 1, ready: () => {}, event: () => {}, note: () => {} },
        signal: stop.signal,
      },
      async ({ data }) => {
        // Some take longer than others.
        await setTimeout(Number(values.sleep) * (0.5 + (data % 100) / 100))
        return right({ data, blobs: {} })
      },
    )()
  }
  process.setMaxListeners(0)
  await Promise.all(Array.from({ length: Number(values.serve) }, one))
  process.exit(0)
}

const directory = mkdtempSync(join(tmpdir(), 'cpnas-bench-queue-'))
const redis = spawn(
  'redis-server',
  ['--port', values.port, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'yes'],
  { stdio: 'ignore' },
)
await setTimeout(500)
const client = new Redis(address)

const measure = async (workers, tasks) => {
  await client.flushall()
  const count = Math.min(Number(values.processes), workers)
  const processes = Array.from({ length: count }, (_, i) => {
    const share = Math.floor(workers / count) + (i < workers % count ? 1 : 0)
    const args = ['--serve', String(share), '--port', values.port, '--sleep', values.sleep]
    return spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: 'inherit' })
  })
  const isReady = async () => (await client.keys('cpnas-worker:*')).length === workers
  while (!(await isReady())) await setTimeout(200)
  let memory = 0
  const watch = setInterval(async () => {
    const info = await client.info('memory')
    memory = Math.max(memory, Number(/used_memory:(\d+)/.exec(info)[1]))
  }, 500)
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const result = await withGiver(
    { address },
    { ...identity, label: 'bench', note: () => {}, signal: new AbortController().signal },
  )(giver => async () => {
    const taskOf = data => ({ kind: 'sleep', label: String(data), data, blobs: {} })
    let given = 0
    for (let i = 0; i < tasks; i++) {
      // As a run does: so many ahead, results in order.
      for (; given < Math.min(tasks, i + 1024); given++) void giver.perform(taskOf(given), right)
      const done = await giver.perform(taskOf(i), right)
      if (done._tag === 'Left') return done
      await giver.forget(taskOf(i))
    }
    return right(undefined)
  })()
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(watch)
  for (const one of processes) one.kill('SIGTERM')
  await Promise.all(processes.map(one => new Promise(resolve => one.on('exit', resolve))))
  const ideal = (tasks * Number(values.sleep)) / 1000 / workers
  return [
    workers.toLocaleString('en-US'),
    tasks.toLocaleString('en-US'),
    seconds.toFixed(1),
    (tasks / seconds).toFixed(0),
    `${((100 * ideal) / seconds).toFixed(0)} %`,
    ((user + system) / 1000 / tasks).toFixed(2),
    (memory / 2 ** 20).toFixed(1),
  ]
}

const table = new Table({
  head: ['workers', 'tasks', 'seconds', 'tasks/s', 'workers busy', "ms of the run's process a task", 'MiB of Redis'],
  style: { head: [], border: [], compact: true },
})
try {
  for (const run of values.runs.split(',')) {
    const [workers, tasks] = run.split('x').map(Number)
    const row = await measure(workers, tasks)
    table.push(row)
    console.error(row.join(' '))
  }
  console.log(
    `Workers that sleep ${values.sleep} ms on average, in ${values.processes} processes, and one run, over one Redis`,
  )
  console.log(table.toString())
} finally {
  client.disconnect()
  redis.kill()
  rmSync(directory, { recursive: true, force: true })
}
