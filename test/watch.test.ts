import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { start } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { temporary } from './support/files.js'
import { searchAndTraining } from './support/runs.js'

/** A server that watches a run, once it says where it is. */
const watching = async (directory: string) => {
  const { child, finished } = start(['watch', directory, '--port', '0'])
  onTestFinished(() => void child.kill('SIGKILL'))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (text: string) => resolve(text.trim()))
    finished.then(({ err }) => reject(new Error(err)))
  })
  return { child, finished, url }
}

test('a page follows its run; only this machine reaches it; Ctrl-C stops it', async () => {
  const { search } = await searchAndTraining()
  const directory = join(temporary(), 'live')
  cpSync(search, directory, { recursive: true })
  const history = join(directory, 'history.jsonl')
  const all = readFileSync(history, 'utf8')
  writeFileSync(history, all.slice(0, all.indexOf('\n', all.indexOf('"sample"')) + 1))
  const { child, finished, url } = await watching(directory)
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)

  const samples = async (): Promise<number> => (await (await fetch(url)).text()).split('pass 1, sample 1').length - 1
  const before = await samples()
  expect(before).toBeGreaterThan(0)

  const events = await fetch(`${url}events`)
  expect(events.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader()
  writeFileSync(history, all)
  for (let told = ''; !told.includes('data: changed'); ) told += (await reader.read()).value
  expect(await samples()).toBeGreaterThan(before)

  appendFileSync(history, '{}\n')
  const damaged = await fetch(url)
  expect(damaged.status).toBe(500)
  expect(await damaged.text()).toMatch(/history\.jsonl, line \d+/)

  expect((await fetch(`${url}config.json`)).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)

  const port = new URL(url).port
  await expectRefusal(['watch', search, '--port', port], directory, [`--port: ${port} is in use on 127.0.0.1`])

  await expectRefusal(['watch', search, '--host', '192.0.2.1'], directory, ['--host: 192.0.2.1 cannot be listened on'])

  child.kill('SIGINT')
  expect(await finished).toMatchObject({ code: 0 })
})

test.each([
  [['--port', '70000'], '--port: "70000" will not do. Give an integer from 0 to 65535'],
  [[], 'holds no run'],
])('watch refuses %j', async (args, words) => {
  const directory = temporary()
  await expectRefusal(['watch', directory, ...args], directory, [words])
})
