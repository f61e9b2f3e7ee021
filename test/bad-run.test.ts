import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { executable, run, start, watch } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, jsonLines, temporary } from './support/files.js'
import { mnistFiles, writeFiles } from './support/idx.js'
import { small, tiny } from './support/settings.js'

const template = mkdtempSync(join(tmpdir(), 'cpnas-test-'))
beforeAll(async () => {
  const { code } = await run(['search', '--out', template, '--quiet', ...tiny])
  expect(code).toBe(0)
})
afterAll(() => rmSync(template, { recursive: true }))

/** A directory with a finished run. */
const finishedRun = (): string => {
  const directory = temporary()
  cpSync(template, directory, { recursive: true })
  return directory
}

const edit = (path: string, change: (text: string) => string): void => {
  const text = readFileSync(path, 'utf8')
  const changed = change(text)
  expect(changed).not.toBe(text)
  writeFileSync(path, changed)
}

const tensorsOf = (directory: string): string =>
  join(directory, readdirSync(directory).find(name => name.endsWith('.safetensors'))!)

test('the output directory holds another run, whole or in part', async () => {
  const directory = finishedRun()
  await expectRefusal(['search', '--out', directory, ...tiny], directory, [directory, '--resume', '--out'])
  const other = temporary()
  writeFileSync(join(other, 'genotype.json'), 'precious')
  await expectRefusal(['search', '--out', other, ...tiny], other, ['genotype.json'])
})

test('the output directory is a file', async () => {
  const directory = temporary()
  const file = join(directory, 'file')
  writeFileSync(file, 'precious')
  await expectRefusal(['search', '--out', file, ...tiny], directory, ['--out', file])
  await expectRefusal(['search', '--out', join(file, 'run'), ...tiny], directory, ['--out', file])
})

test('another process is writing into the output directory', async () => {
  const directory = temporary()
  const { child, finished } = start(['search', '--out', directory, '--json', ...small])
  await once(child.stdout!, 'data')
  const { code, out, err } = await run(['search', '--out', directory, '--resume'])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(new RegExp(`^cpnas: ${directory}: is being written by process ${child.pid}\\. [^\n]*\n$`))
  expect(await finished).toMatchObject({ code: 0 })
  expect(existsSync(join(directory, 'run.lock'))).toBe(false)
})

test('the data are not those of the run to resume', async () => {
  const [directory, data] = [temporary(), temporary()]
  const { 'train-labels-idx1-ubyte': labels, ...files } = mnistFiles()
  writeFiles(data, { 'train-labels-idx1-ubyte': labels, ...files })
  const settings = [...tiny, '--share', '1', '--data', data, '--dataset', 'mnist']
  expect(await run(['search', '--out', directory, '--quiet', ...settings])).toMatchObject({ code: 0 })
  labels[20] = 5
  writeFiles(data, { 'train-labels-idx1-ubyte': labels })
  await expectRefusal(['search', '--out', directory, '--resume'], directory, ['--data', 'other images'])
  await expectRefusal(['search', '--out', directory, '--resume', '--data', '/nowhere'], directory, ['/nowhere'])
})

test('there is nothing to resume', async () => {
  const directory = join(temporary(), 'run')
  await expectRefusal(['search', '--out', directory, '--resume'], directory, ['--resume', directory])
})

test('options that are not those of the run to resume are named', async () => {
  const directory = finishedRun()
  const resume = ['search', '--out', directory, '--resume']
  await expectRefusal([...resume, '--beta-p', '2', '--cells', '3', '--channels', '3'], directory, [
    /^cpnas: --channels, --beta-p: /,
    '--beta-p 0.5, not 2',
    '--channels 1, not 3',
  ])
  await expectRefusal([...resume, '--preset', 'paper'], directory, ['--cells 3, not 8'])
  const { code } = await run([...resume, '--beta-p', '0.5', '--backend', 'auto', '--quiet'])
  expect(code).toBe(0)
})

test.for<readonly [string, (directory: string) => void, RegExp]>([
  [
    'of another configuration',
    d => edit(join(d, 'config.json'), text => text.replace('"seed": 0', '"seed": 5')),
    /other settings: seed 0 instead of 5/,
  ],
  [
    'of another version',
    d => edit(join(d, 'checkpoint.json'), text => text.replace('"version":1', '"version":2')),
    /version 2/,
  ],
  [
    'damaged',
    d => edit(join(d, 'checkpoint.json'), text => text.replace('"round":2', '"round":1')),
    /checkpoint\.json: is damaged/,
  ],
  ['cut short', d => truncateSync(join(d, 'checkpoint.json'), 1000), /checkpoint\.json: is damaged/],
  ['something else', d => writeFileSync(join(d, 'checkpoint.json'), '{}'), /not a cpnas checkpoint/],
  ['with cut weights', d => truncateSync(tensorsOf(d), 500), /safetensors: is damaged/],
  [
    'with damaged weights',
    d => {
      const bytes = readFileSync(tensorsOf(d))
      bytes[bytes.length - 5]! ^= 1
      writeFileSync(tensorsOf(d), bytes)
    },
    /safetensors: is damaged/,
  ],
  [
    'without a valid configuration',
    d => edit(join(d, 'config.json'), text => text.replace('"betaP": 0.5', '"betaP": -1')),
    /config\.json: "search\.betaP"/,
  ],
  ['with a cut configuration', d => truncateSync(join(d, 'config.json'), 100), /config\.json: is not JSON/],
  [
    'with a configuration of another version',
    d => edit(join(d, 'config.json'), text => text.replace('"version": 1', '"version": 9')),
    /config\.json: has format version 9/,
  ],
])('a checkpoint %s', async ([, harm, words]) => {
  const directory = finishedRun()
  harm(directory)
  await expectRefusal(['search', '--out', directory, '--resume'], directory, [words])
})

test('a loss that is not a number stops the run: names sample and option, keeps the last checkpoint', async () => {
  const directory = temporary()
  // One step an epoch: the loss before it is finite, and the warm-up epoch is saved.
  const settings = ['--share', '0.005', '--batch-size', '25', '--learning-rate', '1e30', '--gradient-clip', '1e30']
  const { code, err } = await run(['search', '--out', directory, ...small, ...settings])
  expect(err.trimEnd().split('\n').at(-1)).toMatch(
    /^cpnas: round 1, pass 1, sample 1, (child|parent): the loss is NaN.*--learning-rate/,
  )
  expect(code).toBe(2)
  const history = jsonLines(readFileSync(join(directory, 'history.jsonl'), 'utf8'))
  expect(history.map(({ type }) => type)).toEqual(['warmup'])
  const before = fingerprint(directory)
  const again = await run(['search', '--out', directory, '--resume', '--quiet'])
  expect(again).toEqual({ code: 2, out: '', err: expect.stringContaining('round 1, pass 1, sample 1') })
  expect(fingerprint(directory)).toEqual(before)
})

const smallDisk = (script: string) => [
  '--map-root-user',
  '--mount',
  'sh',
  '-ec',
  `mount -t tmpfs -o size=260k none $DISK; ${script}`,
]
const mountable = spawnSync('unshare', smallDisk('true'), { env: { ...process.env, DISK: template } }).status === 0

test.skipIf(!mountable)(
  'a full disk stops the run and keeps the last checkpoint (skipped without the right to mount one)',
  async () => {
    const [expected, rescued] = [temporary(), temporary()]
    const { code } = await run(['search', '--out', expected, '--quiet', ...small])
    expect(code).toBe(0)
    // The disk has room for one checkpoint, but not for the next one beside it; then it grows.
    const script = `
    $CPNAS search --out $DISK/run ${small.join(' ')} --quiet || echo "code $?"
    ls $DISK/run
    mount -o remount,size=10m $DISK
    $CPNAS search --out $DISK/run --resume >&2
    cp $DISK/run/* $RESCUED`
    const env = { ...process.env, DISK: temporary(), RESCUED: rescued, CPNAS: `${process.execPath} ${executable}` }
    const { out, err } = await watch(spawn('unshare', smallDisk(script), { env }))
    expect(err).toMatch(/^cpnas: [^\n]*\/run\/[^\n]*: cannot be written \(ENOSPC[^\n]*\n/)
    expect(out).toMatch(
      /^code 2\ncheckpoint-[0-9a-f]{16}\.safetensors\ncheckpoint\.json\nconfig\.json\ndata\.json\nhistory\.jsonl\njournal\.jsonl\n$/,
    )
    expect(err).not.toContain('warm-up 1/1')
    expect(fingerprint(rescued)).toEqual(fingerprint(expected))
  },
)
