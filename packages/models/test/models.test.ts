import { readdirSync, statSync } from 'node:fs'
import { load, ModelError, models, urlOf } from '@cpnas/models'
import { createRunner } from '@cpnas/packed'
import { expect, test } from 'vitest'

test.each(models)('$name is as large as its card says, loads and runs', async ({ name, bytes, accuracy }) => {
  expect(statSync(urlOf(name)).size).toBe(bytes)
  const model = await load(name)
  const { height, width, channels } = model.program.image
  const scores = (await createRunner(model)).scores(new Float32Array(height * width * channels))
  expect(scores).toHaveLength(model.metadata.classes.length)
  expect(scores.every(Number.isFinite)).toBe(true)
  expect(accuracy.top1).toBeGreaterThan(1 / model.metadata.classes.length)
  expect(accuracy.error).toBeLessThan(0.01)
})

test('there is a card for every file', () => {
  const files = readdirSync(new URL('../networks', import.meta.url))
  expect(files.sort()).toEqual(models.flatMap(({ name, formats }) => formats.map(format => `${name}.${format}`)).sort())
})

test('a name that there is not is refused with those that there are', async () => {
  await expect(load('imagenet')).rejects.toThrow(ModelError)
  expect(() => urlOf('none', 'safetensors')).toThrow('that a training can begin with; there are cifar10, cifar10-small')
  await expect(load('../package')).rejects.toThrow(/^there is no network "\.\.\/package"; there are cifar10/)
})
