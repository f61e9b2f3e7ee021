import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decode, records } from '../packages/report/test/tensorboard/decode.js'
import { run, runProcess } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { jsonLines, temporary } from './support/files.js'
import { searchAndTraining } from './support/runs.js'

test('a search and a training become one page, finished or not, and event files', async () => {
  const { search, training } = await searchAndTraining()
  const out = join(temporary(), 'pages/report.html')

  const { code, out: said } = await run(['report', search, training, '--out', out])
  const page = readFileSync(out, 'utf8')
  expect(code).toBe(0)
  expect(said).toBe(`${out}: ${(statSync(out).size / 1000).toFixed(1)} kB\nNext: open ${out} in a browser\n`)
  expect(page).toContain('<title>cpnas: searched, trained</title>')
  for (const id of ['search-accuracy', 'indicator-1-normal', 'training-accuracy', 'confusion-2', 'cells-1', 'layers-1'])
    expect(page).toContain(`id="${id}"`)
  // Bytes of the network as the model file has them.
  expect(page).toContain(`<td>${statSync(join(training, 'best.safetensors')).size.toLocaleString('en-US')}</td>`)

  const unfinished = join(temporary(), 'trained')
  cpSync(training, unfinished, { recursive: true })
  for (const file of ['evaluation.json', 'best.safetensors', 'history.jsonl']) rmSync(join(unfinished, file))
  expect(await run(['report', unfinished, training, '--out', out])).toMatchObject({ code: 0 })
  const compared = readFileSync(out, 'utf8')
  // What ran here is told as what made the page is.
  expect(compared.match(new RegExp(`Node.js ${process.versions.node}</td>`, 'g'))).toHaveLength(2)
  expect(compared).toContain('>unfinished<')
  // Directories of one name are told apart by all of their path.
  expect(compared).toContain(`<title>cpnas: ${unfinished}, ${training}</title>`)

  const events = temporary()
  const cwd = temporary()
  const written = await runProcess(['report', '--tensorboard', events, search, training], cwd)
  const files = ['searched', 'trained'].map(name => join(events, name, 'events.out.tfevents.cpnas'))
  expect(written).toEqual({ code: 0, out: files.map(file => `${file}\n`).join(''), err: '' })
  expect(existsSync(join(cwd, 'report.html'))).toBe(false)
  const history = jsonLines(readFileSync(join(training, 'history.jsonl'), 'utf8'))
  const decoded = records(readFileSync(files[1]!)).map(decode)
  const losses = decoded.flatMap(({ values }) => values.filter(({ tag }) => tag === 'loss/training'))
  expect(losses.map(({ value }) => value)).toEqual(history.map(({ loss }) => Math.fround(loss as number)))
  const times = jsonLines(readFileSync(join(training, 'journal.jsonl'), 'utf8')).flatMap(({ type, time }) =>
    type === 'saved' ? [Date.parse(time as string) / 1000] : [],
  )
  expect(decoded.slice(1).map(({ wallTime }) => wallTime)).toEqual(times)
})

test('what is no run, or a damaged one, is refused, and no page is written', async () => {
  const directory = temporary()
  const out = join(directory, 'report.html')
  const refuse = (words: readonly (string | RegExp)[], ...args: readonly string[]) =>
    expectRefusal(['report', '--out', out, ...args], directory, words)
  await refuse(['nowhere: holds no run'], join(directory, 'nowhere'))

  const other = join(directory, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'config.json'), '{"format":"cpnas-ablation"}')
  await refuse(['holds no search and no training'], other)

  const { search } = await searchAndTraining()
  const journal = join(search, 'journal.jsonl')
  const whole = readFileSync(journal, 'utf8')
  writeFileSync(journal, whole.slice(0, -3))
  await refuse([/journal\.jsonl, line \d+: is not JSON\. Remove the file/], search)
  rmSync(journal)
  expect(await run(['report', search, '--out', join(temporary(), 'page.html')])).toMatchObject({ code: 0 })
  writeFileSync(join(search, 'history.jsonl'), '{"type":"sample"}\n')
  await refuse([/history\.jsonl, line 1: "round" is no number/], search)
  writeFileSync(join(search, 'config.json'), '{"format":"cpnas-run","version":1}')
  await refuse([/config\.json/], search)
})

test('a run must be named', async () => {
  const { code, err } = await run(['report'])
  expect(code).toBe(2)
  expect(err).toMatch(/missing required argument 'run'/)
})
