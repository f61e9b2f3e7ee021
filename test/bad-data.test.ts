import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { temporary } from './support/files.js'
import { idxFiles, mnistFiles, writeFiles } from './support/idx.js'
import { tiny } from './support/settings.js'

const images = 'train-images-idx3-ubyte'
const labels = 'train-labels-idx1-ubyte'

type Files = Readonly<Record<string, Buffer | undefined>>

const refuse = async (files: Files, words: readonly (string | RegExp)[]): Promise<void> => {
  const data = temporary()
  writeFiles(data, { ...mnistFiles(), ...files })
  const out = join(temporary(), 'run')
  await expectRefusal(['search', '--data', data, '--dataset', 'mnist', '--out', out, ...tiny], out, words)
}

test('good files are taken, plain and gzipped', async () => {
  const data = temporary()
  const { [images]: pixels, ...rest } = mnistFiles()
  writeFiles(data, { ...rest, [`${images}.gz`]: gzipSync(pixels) })
  const settings = [...tiny, '--share', '1', '--batch-size', '10']
  const { code, err } = await run([
    'search',
    '--data',
    data,
    '--dataset',
    'mnist',
    '--out',
    join(temporary(), 'run'),
    ...settings,
  ])
  expect(err).toContain('MNIST')
  expect(code).toBe(0)
})

test('no such directory', async () => {
  const out = join(temporary(), 'run')
  await expectRefusal(['search', '--data', '/nowhere/at/all', '--out', out], out, [
    '/nowhere/at/all',
    'no such directory',
  ])
})

test('a directory without data', async () => {
  const [data, out] = [temporary(), join(temporary(), 'run')]
  await expectRefusal(['search', '--data', data, '--out', out], out, [data, 'no data set'])
})

test('a data set of which nothing is embedded', async () => {
  const out = join(temporary(), 'run')
  await expectRefusal(['search', '--dataset', 'cifar10', '--out', out], out, ['--data', 'cifar10'])
})

test('a file is missing', () => refuse({ [labels]: undefined }, [labels]))

test('a file is cut short', () => refuse({ [images]: mnistFiles()[images].subarray(0, 5000) }, [images]))

test('a file is something else', () =>
  refuse({ [images]: Buffer.from('<html>not found</html>'.repeat(3000)) }, [images]))

test('images and labels do not belong together', () =>
  refuse({ [labels]: idxFiles([1, 2, 3]).labels }, [/40/, /\b3\b/]))

test('a label is out of range', () => {
  const bytes = Buffer.from(mnistFiles()[labels])
  bytes[8 + 17] = 10
  return refuse({ [labels]: bytes }, [labels, /\b10\b/, /\b17\b/])
})

test('a gzip is cut short', () =>
  refuse({ [images]: undefined, [`${images}.gz`]: gzipSync(mnistFiles()[images]).subarray(0, 500) }, [`${images}.gz`]))

test('CIFAR-10: a batch is missing, a batch is cut short, a label is out of range', async () => {
  const data = temporary()
  const record = Buffer.alloc(3073)
  const batch = Buffer.concat(Array.from({ length: 10 }, () => record))
  const names = [...[1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`), 'test_batch.bin']
  const out = join(temporary(), 'run')
  const refused = (words: readonly string[]) =>
    expectRefusal(['search', '--data', data, '--dataset', 'cifar10', '--out', out], out, words)
  writeFiles(data, Object.fromEntries(names.slice(1).map(name => [name, batch])))
  await refused(['data_batch_1.bin'])
  writeFileSync(join(data, 'data_batch_1.bin'), batch.subarray(0, 3073 * 2 + 100))
  await refused(['data_batch_1.bin'])
  const wrong = Buffer.from(batch)
  wrong[3073 * 4] = 77
  writeFileSync(join(data, 'data_batch_1.bin'), wrong)
  await refused(['data_batch_1.bin', '77'])
})
