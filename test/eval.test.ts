import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metrics } from '@cpnas/model'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, json, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { mnistFiles, writeFiles } from './support/idx.js'
import { writeImageFolder } from './support/image-folder.js'
import { fashion, writeUntrained } from './support/model.js'
import { tiny, tinyTraining } from './support/settings.js'

const engine = ['--backend', 'wasm', '--threads', '1'] as const

const evaluate = async (...args: readonly string[]): Promise<Metrics> => {
  const { code, out, err } = await run(['eval', ...args, ...engine, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

test('a training: its best and its last network, on its own data, as it was tested at its end', async () => {
  const directory = temporary()
  const genotype = writeGenotype(temporary())
  const trained = await run(['train', '--genotype', genotype, '--out', directory, '--quiet', ...tinyTraining])
  expect(trained.code).toBe(0)
  const stored = json(join(directory, 'evaluation.json')) as Record<'best' | 'last', Metrics>
  const before = fingerprint(directory)
  expect(await evaluate(directory)).toEqual(stored.best)
  expect(await evaluate(directory, '--last')).toEqual(stored.last)
  expect(await evaluate(join(directory, 'model.safetensors'))).toEqual(stored.last)
  expect((await evaluate(directory, '--split', 'train', '--batch-size', '500')).images).toBe(10_000)
  expect(fingerprint(directory)).toEqual(before)
  rmSync(join(directory, 'best.safetensors'))
  await expectRefusal(['eval', directory], directory, [
    /best\.safetensors: is missing: the training is not finished/,
    `cpnas train --resume --out ${directory}`,
  ])
})

test('for people: accuracy, classes, confusions, calibration, and lines of progress', async () => {
  const path = await writeUntrained(join(temporary(), 'model.safetensors'), fashion)
  const { code, out, err } = await run(['eval', path, ...engine, '--batch-size', '250'])
  expect(code).toBe(0)
  expect(out).toMatch(
    /^Accuracy: top-1 [\d.]+ %, top-5 [\d.]+ % of 2,000 images \(chance 10\.0 %\); cross-entropy [\d.]+$/m,
  )
  expect(out).toMatch(/^│ Ankle boot +│ +200 │ +(-|[\d.]+ %) │ +[\d.]+ % │/m)
  expect(out).toMatch(/^│ 9 Ankle boot +│( +\d+ │){10}$/m)
  expect(out).toMatch(/^Calibration: expected error [\d.]+ % over 15 bins, mean confidence [\d.]+ %$/m)
  expect(err).toMatch(/^Model: {2}.*model\.safetensors, Child of 3 cells and 2 channels$/m)
  expect(err).toMatch(/^Data: {3}Fashion-MNIST, embedded; 2000 test images of 28x28x1$/m)
  expect(err).toMatch(/^batch 4\/8 \(50\.0 %/m)
  expect(err).not.toContain('Classes:')
})

test('other data: of other class names only in their order, if asked, of an image folder by names', async () => {
  const directory = temporary()
  writeFiles(directory, { ...mnistFiles() })
  const path = await writeUntrained(join(temporary(), 'fashion.safetensors'), fashion)
  const mnist = ['eval', path, '--data', directory, '--dataset', 'mnist', ...engine] as const
  await expectRefusal(mnist, directory, ['the class "0", which the model does not know', '--classes-by-order'])
  const byOrder = [...mnist, '--classes-by-order'] as const
  const { code, out, err } = await run([...byOrder, '--json'])
  // Nothing but the metrics with --json.
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(JSON.parse(out)).toMatchObject({ images: 10, classes: fashion.map(name => ({ name, count: 1 })) })
  const told = await run(byOrder)
  expect(told.err).toMatch(/^Classes: have other names/m)

  const folder = temporary()
  writeImageFolder(folder, 3)
  const image = { height: 16, width: 16, channels: 3 }
  const colours = await writeUntrained(join(directory, 'colours'), ['red', 'green', 'blue'], 'parent', image)
  const { images, classes, confusion } = await evaluate(colours, '--data', folder)
  expect(images).toBe(6)
  expect(classes.map(({ name, count }) => [name, count])).toEqual([
    ['red', 3],
    ['green', 0],
    ['blue', 3],
  ])
  expect(confusion.map(row => row.reduce((a, b) => a + b))).toEqual([3, 0, 3])
})

test('what is no model, and no finished training', async () => {
  const directory = temporary()
  const file = join(directory, 'file')
  await expectRefusal(['eval', file], directory, [file, 'cannot be read'])
  writeFileSync(file, 'nothing')
  await expectRefusal(['eval', file], directory, [file, 'not a safetensors file that can be read'])
  await expectRefusal(['eval', directory], directory, [directory, 'holds no training'])
  const path = await writeUntrained(join(directory, 'model.safetensors'), fashion)
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
  await expectRefusal(['eval', path], directory, [path, 'is damaged'])
  const search = temporary()
  expect((await run(['search', '--out', search, '--quiet', ...tiny])).code).toBe(0)
  await expectRefusal(['eval', search], search, ['holds a search', `cpnas train --genotype ${search}`])
})

test('what does not fit the model, and options that do not fit each other', async () => {
  const directory = temporary()
  const few = await writeUntrained(join(directory, 'few'), ['ant', 'bee', 'cat'])
  await expectRefusal(['eval', few], directory, [
    'embedded',
    /the class "T-shirt\/top", which the model does not know \(10 classes; the model's are ant, bee, cat\)/,
    '--data',
  ])
  const other = await writeUntrained(
    join(directory, 'other'),
    fashion.map(name => `my ${name}`),
  )
  await expectRefusal(['eval', other], directory, ['embedded', 'which the model does not know', '--classes-by-order'])
  const large = await writeUntrained(join(directory, 'large'), fashion, 'child', { height: 32, width: 32, channels: 3 })
  await expectRefusal(['eval', large], directory, [/images of 28x28x1, the model was trained with 32x32x3/])
  const model = await writeUntrained(join(directory, 'model'), fashion)
  await expectRefusal(['eval', model, '--last'], directory, ['--last', 'single model'])
  await expectRefusal(['eval', directory, '--last', '--best'], directory, ['--last', '--best'])
  await expectRefusal(['eval', model, '--split', 'validation'], directory, ['--split', 'test, train'])
  await expectRefusal(['eval', model, '--batch-size', '0'], directory, ['--batch-size'])
  await expectRefusal(['eval', model, '--data', join(directory, 'nowhere')], directory, ['nowhere'])
  await expectRefusal(['eval', model, '--backend', 'tpu'], directory, ['--backend', 'tpu'])
})
