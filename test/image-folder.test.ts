import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, json, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { writeImageFolder } from './support/image-folder.js'
import { proceed } from './support/proceed.js'
import { tiny, tinyTraining } from './support/settings.js'

const settings = [...tinyTraining, '--share', '1', '--batch-size', '4', '--color-jitter', '0.4', '--image-size', '16']

test('a training on a folder of images: resumed after a kill it ends with the same bytes, cached or not', async () => {
  const [data, expected, directory, cache] = [temporary(), temporary(), temporary(), temporary()]
  writeImageFolder(data, 8)
  const command = ['train', '--genotype', writeGenotype(temporary()), '--data', data, ...settings] as const
  expect(await run([...command, '--out', expected, '--quiet'])).toMatchObject({ code: 0, err: '' })
  expect(json(join(expected, 'config.json'))).toMatchObject({ dataset: 'image-folder', data, imageSize: 16 })

  const cached = [...command, '--cache', cache, '--workers', '1'] as const
  const killed = await proceed(cached, directory, 'SIGKILL', event => event.includes('"epoch":2'))
  expect(killed.code).toBeNull()
  expect(await proceed(cached, directory, 'SIGKILL', () => false)).toMatchObject({ code: 0 })
  expect(fingerprint(directory)).toEqual(fingerprint(expected))
  expect(readdirSync(cache)).not.toEqual([])

  await expectRefusal(['train', '--resume', '--out', directory, '--image-size', '20'], directory, [
    '--image-size 16, not 20',
  ])
})

test('a search and an ablation take folders, too', async () => {
  const [data, directory] = [temporary(), temporary()]
  writeImageFolder(data, 8)
  const folder = ['--data', data, '--image-size', '12', '--quiet']
  const search = ['search', ...tiny, '--share', '1', '--batch-size', '4', ...folder]
  expect(await run([...search, '--out', join(directory, 'search')])).toMatchObject({ code: 0, err: '' })
  const sizes = ['--train-cells', '3', '--train-channels', '2', '--train-batch-size', '4', '--epochs', '1']
  const ablate = ['ablate', '--genotype', join(directory, 'search'), '--vary', 'lambda=0,0.1', '--seeds', '1']
  expect(await run([...ablate, ...sizes, ...folder, '--out', join(directory, 'ablation')])).toMatchObject({ code: 0 })
})

test('images that cannot be decoded are left out and listed; too many of them end it', async () => {
  const [data, directory] = [temporary(), temporary()]
  writeImageFolder(data, 8, ['train/red/3.png', 'val/blue/1.png'])
  const train = ['train', '--genotype', writeGenotype(temporary()), '--data', data, ...settings]
  const { code, err } = await run([...train, '--out', join(directory, 'a'), '--max-corrupt', '0.5', '--quiet'])
  expect(err).toMatch(/^2 images could not be decoded and were left out:\n/)
  expect(err).toContain(join(data, 'train/red/3.png'))
  expect(err).toContain(join(data, 'val/blue/1.png'))
  expect(code).toBe(0)
  const failed = await run([...train, '--out', join(directory, 'b'), '--quiet'])
  expect(failed).toMatchObject({ code: 2, out: '' })
  expect(failed.err).toMatch(/^cpnas: [^\n]*3\.png[^\n]*or raise --max-corrupt\.\n$/)
})

test('cpnas data info describes a folder; its options are refused for other data', async () => {
  const data = temporary()
  writeImageFolder(data, 3)
  const { code, out } = await run(['data', 'info', '--data', data])
  expect(code).toBe(0)
  expect(out).toContain('training: 6 images of 21x21x3, 2 classes')
  expect(out).toContain('classes: blue, red')
  const directory = join(temporary(), 'run')
  await expectRefusal(['search', '--out', directory, '--image-size', '16'], directory, [
    '--image-size',
    'image folders',
  ])
  await expectRefusal(['search', '--out', directory, '--data', data, '--max-corrupt', '2'], directory, [
    '--max-corrupt',
  ])
  expect(existsSync(directory)).toBe(false)
})
