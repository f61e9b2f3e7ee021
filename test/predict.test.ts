import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { json, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { png, writeImageFolder } from './support/image-folder.js'
import { tinyTraining } from './support/settings.js'

interface Prediction {
  readonly picture: string
  readonly classes: readonly { readonly class: string; readonly probability: number }[]
}

const shared = mkdtempSync(join(tmpdir(), 'cpnas-predict-test-'))
const [data, training] = [join(shared, 'data'), join(shared, 'training')]

const predictions = async (...args: readonly string[]): Promise<readonly Prediction[]> => {
  const { code, out } = await run(['predict', ...args, '--json'])
  expect(code).toBe(0)
  return out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Prediction)
}

beforeAll(async () => {
  writeImageFolder(data, 8)
  const train = ['train', '--genotype', writeGenotype(shared), '--data', data, '--out', training, '--quiet']
  const settings = [...tinyTraining, '--share', '1', '--batch-size', '4', '--image-size', '16']
  expect(await run([...train, ...settings])).toMatchObject({ code: 0 })
  expect(await run(['export', training])).toMatchObject({ code: 0 })
})

afterAll(() => rmSync(shared, { recursive: true }))

test('pictures are taken for what the evaluation takes them for, by the training, its model and the packed file', async () => {
  const { best } = json(join(training, 'evaluation.json')) as { best: { confusion: number[][] } }
  for (const [row, name] of ['blue', 'red'].entries()) {
    const folder = join(data, 'val', name)
    const found = await predictions(training, folder)
    expect(found.map(({ picture }) => picture)).toEqual(readdirSync(folder).map(file => join(folder, file)))
    for (const { classes } of found) {
      expect(classes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1)
      expect(classes[0]!.probability).toBeGreaterThanOrEqual(classes[1]!.probability)
    }
    const count = (wanted: string) => found.filter(({ classes }) => classes[0]!.class === wanted).length
    expect([count('blue'), count('red')]).toEqual(best.confusion[row])
    expect(await predictions(join(training, 'best.safetensors'), folder, '--batch-size', '3')).toEqual(found)
    const packed = await predictions(join(training, 'best.cpnas'), folder)
    expect(packed.map(({ classes }) => classes[0]!.class)).toEqual(found.map(({ classes }) => classes[0]!.class))
  }
})

test('for people: a line a picture; what is no picture is listed, and all others are predicted', async () => {
  const pictures = temporary()
  cpSync(join(data, 'val/red/0.png'), join(pictures, 'red.png'))
  writeFileSync(join(pictures, 'damaged.png'), 'no image')
  writeFileSync(join(pictures, 'notes.txt'), 'no picture')
  const { code, out, err } = await run(['predict', training, pictures, '--top', '1'])
  expect(code).toBe(0)
  expect(out).toMatch(/^.*red\.png: (red|blue) \d+\.\d %\n$/)
  expect(err).toMatch(/Model: .*best\.safetensors, Child of/)
  expect(err).toMatch(/skipped \.txt files, which are not pictures: 1/)
  expect(err).toMatch(/1 image could not be decoded and was left out:\n.*damaged\.png/)
})

test('a network of grey images sees colours in grey', async () => {
  const [grey, pictures] = [temporary(), temporary()]
  const train = ['train', '--genotype', writeGenotype(temporary()), ...tinyTraining, '--out', grey, '--quiet']
  expect(await run(train)).toMatchObject({ code: 0 })
  writeFileSync(join(pictures, 'red.png'), png(28, 28, [255, 0, 0]))
  const [red] = await predictions(grey, pictures)
  expect(red!.classes).toHaveLength(10)
})

test('the networks of @cpnas/models are named zoo:NAME', async () => {
  const [found] = await predictions('zoo:cifar10-small', join(data, 'val/red/0.png'))
  expect(found!.classes).toHaveLength(10)
  const summary = await run(['summary', 'zoo:fashion-mnist'])
  expect(summary).toMatchObject({ code: 0, out: expect.stringContaining('48,516') })
  await expectRefusal(['bench', 'zoo:imagenet'], data, ['there is no network "imagenet"', 'cifar10-small'])
})

test('what cannot be predicted is refused', async () => {
  const empty = temporary()
  mkdirSync(join(empty, 'none'))
  await expectRefusal(['predict', training, join(empty, 'absent.png')], empty, ['absent.png', 'cannot be read'])
  await expectRefusal(['predict', training, join(empty, 'none')], empty, ['holds no pictures'])
  await expectRefusal(['predict', join(training, 'best.cpnas'), data, '--backend', 'wasm'], empty, ['--backend'])
  expect(await run(['predict', training])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('picture') })
})
