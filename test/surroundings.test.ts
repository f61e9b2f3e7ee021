import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpnas } from '@cpnas/cli'
import { expect, test } from 'vitest'
import { executable, run, start, watch } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { small, tiny } from './support/settings.js'

const full = '/dev/full'

test.skipIf(!existsSync(full)).each([
  ['show', () => ['show', writeGenotype(temporary())]],
  ['search --help', () => ['search', '--help']],
  ['search --json', () => ['search', '--out', join(temporary(), 'run'), ...tiny, '--json']],
])('%s on a full disk is one line, exit code 1', async (_, args) => {
  const disk = openSync(full, 'w')
  const { code, err } = await watch(
    spawn(process.execPath, [executable, ...args()], { stdio: ['ignore', disk, 'pipe'] }),
  )
  closeSync(disk)
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(/^cpnas: the standard output cannot be written \(ENOSPC[^\n]*\n$/),
  })
})

test('a reader that goes away is not told of', async () => {
  const child = spawn('bash', ['-c', `"${process.execPath}" "${executable}" search --help | head -1`])
  expect(await watch(child)).toMatchObject({ code: 0, err: '' })
})

test.each([
  ['SIGHUP', 129],
  ['SIGTERM', 143],
] as const)('%s stops a run as Ctrl-C does', async (signal, code) => {
  const directory = temporary()
  const { child, finished } = start(['search', '--out', directory, '--json', ...small])
  let sent = false
  child.stdout!.on('data', (text: string) => {
    // A second signal would end it at once.
    if (!sent && text.includes('"type":"sample"')) sent = child.kill(signal)
  })
  expect(await finished).toMatchObject({ code, err: expect.stringContaining('Continue with: cpnas search --resume') })
  expect(existsSync(join(directory, 'checkpoint.json'))).toBe(true)
  expect(existsSync(join(directory, 'run.lock'))).toBe(false)
})

test('a signal that comes while files are opened leaves nothing behind', async () => {
  const directory = join(temporary(), 'run')
  const aborted = AbortSignal.abort(143)
  const told: string[] = []
  const io = { out: () => {}, err: (text: string) => told.push(text), terminal: undefined, signal: aborted }
  expect(await cpnas(['search', '--out', directory, ...tiny], io)).toBe(143)
  expect(told).toEqual(['Stopped before anything was written.\n'])
  expect(existsSync(directory)).toBe(false)
})

test.skipIf(process.platform !== 'linux')('little address space is enough, or one line', async () => {
  const directory = join(temporary(), 'run')
  const command = `ulimit -v 3000000; exec "${process.execPath}" "${executable}" search --out ${directory} ${tiny.join(' ')} --quiet`
  const { code, err } = await watch(spawn('bash', ['-c', command]))
  if (code === 0) return
  expect(err).toMatch(/^cpnas: wasm: \d+ MiB of address space cannot be reserved[^\n]*\n$/)
  expect(code).toBe(2)
})

test.skipIf(process.platform === 'win32')('too few file handles are one line', async () => {
  const command = `ulimit -n 40; exec "${process.execPath}" "${executable}" search --out ${join(temporary(), 'run')}`
  expect(await watch(spawn('bash', ['-c', command]))).toMatchObject({
    code: 1,
    err: 'cpnas: too many files are open. Raise the limit (ulimit -n 1024).\n',
  })
})

test('a network too large for memory is refused by option and bytes, before anything is written', async () => {
  const directory = join(temporary(), 'run')
  for (const channels of ['100000', '1000000000'])
    await expectRefusal(['search', '--out', directory, ...tiny, '--channels', channels], directory, [
      '--channels',
      new RegExp(`${channels} channels take [\\d.]+ GiB of memory for the weights, and there are [\\d.]+ GiB`),
    ])
  const train = ['train', '--genotype', writeGenotype(temporary()), '--out', directory, '--backend', 'wasm']
  await expectRefusal([...train, '--share', '1', '--batch-size', '9000', '--channels', '800'], directory, [
    '--batch-size',
    /a batch of 9000 images of 28x28 with 800 channels takes [\d.]+ GiB/,
  ])
  expect(existsSync(directory)).toBe(false)
})

test('genotypes as editors write them are read, and their names are compared as people see them', async () => {
  const directory = temporary()
  const text = readFileSync(writeGenotype(directory), 'utf8')
  const expected = await run(['show', join(directory, 'genotype.json')])
  for (const [name, bytes] of Object.entries({
    utf8: Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`),
    utf16: Buffer.from(`\ufeff${text}`, 'utf16le'),
    big: Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  })) {
    writeFileSync(join(directory, name), bytes)
    const { out, ...others } = await run(['show', join(directory, name)])
    // The next command names the file.
    expect({ ...others, out: out.replace(name, 'genotype.json') }).toEqual(expected)
  }
})

test.skipIf(process.platform === 'win32')('a pipe among data files is not waited for', async () => {
  const directory = temporary()
  for (const name of [
    'data_batch_1.bin',
    'data_batch_2.bin',
    'data_batch_3.bin',
    'data_batch_4.bin',
    'data_batch_5.bin',
  ])
    execFileSync('mkfifo', [join(directory, name)])
  writeFileSync(join(directory, 'test_batch.bin'), new Uint8Array(3073))
  const { code, err } = await run(['data', 'info', '--data', directory])
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('data_batch_1.bin: is not a regular file') })
})
