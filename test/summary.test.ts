import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ModelSummary } from '@cpnas/model'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { briefTraining } from './support/few-images.js'
import { fingerprint, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { fashion, writeUntrained } from './support/model.js'
import { tiny } from './support/settings.js'

const summarize = async (...args: readonly string[]): Promise<ModelSummary> => {
  const { code, out, err } = await run(['summary', ...args, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

test('a model file weighs what its summary says, to the byte, and so does its Parent', async () => {
  const directory = temporary()
  const child = await writeUntrained(join(directory, 'child'), fashion)
  const parent = await writeUntrained(join(directory, 'parent'), fashion, 'parent')
  const [bytes, parentBytes] = [child, parent].map(path => statSync(path).size) as [number, number]
  const summary = await summarize(child)
  expect(summary).toMatchObject({
    kind: 'child',
    bytes,
    parent: { bytes: parentBytes },
    compression: parentBytes / bytes,
  })
  expect(summary.rows.reduce((sum, row) => sum + row.bytes, 0)).toBe(bytes)
  expect(await summarize(parent)).toMatchObject({ kind: 'parent', bytes: parentBytes, compression: 1 })

  const { code, out } = await run(['summary', child])
  expect(code).toBe(0)
  const thousands = (n: number): string => n.toLocaleString('en-US')
  expect(out).toContain(
    `The model file has ${thousands(bytes)} bytes; that of its Parent has ${thousands(parentBytes)}`,
  )
  expect(out).toMatch(
    /^│ part +│ kind +│ layers │ 1-bit weights │ 32-bit weights │ 1-bit MACs │ 32-bit MACs │ +bytes │$/m,
  )
  expect(out).toMatch(/^│ cells\.0 +│ depthwise +│ +5 │ +90 │ +0 │ +70,560 │ +0 │ +15 │$/m)
  expect(out).toMatch(/^│ file +│ header +│/m)
  expect(out).toMatch(/^ {2}stem\.filters \(54 weights, 216 bytes\): the stem sees the image itself$/m)
  expect(out).toMatch(/^ {2}\d+ of kind scale \([\d,]+ weights, [\d,]+ bytes\): the scale alpha of a 1-bit filter$/m)
  expect(out).toMatch(/^ {2}\d+ of kind normalization .*: a normalization scales and shifts sums$/m)
  expect(out).toMatch(/Not counted: normalization/)

  const layers = await run(['summary', child, '--layers'])
  expect(layers.out.match(/^│ cells/gm)).toHaveLength(
    summary.rows.filter(({ part }) => part.startsWith('cells')).length,
  )
  expect(layers.out).toMatch(/^│ cells\.0\.edges\.0\.sep_conv_3x3\.depthwise +│ depthwise +│ 3x3x2 +│ +18 │/m)
  expect(fingerprint(directory)).toHaveProperty(['child'])
})

test('a training: the same as its file, and already before there is one', async () => {
  const directory = temporary()
  const genotype = writeGenotype(temporary())
  expect((await run(['train', '--genotype', genotype, '--out', directory, '--quiet', ...briefTraining])).code).toBe(0)
  const summary = await summarize(directory)
  expect(summary.bytes).toBe(statSync(join(directory, 'best.safetensors')).size)
  expect(await summarize(join(directory, 'model.safetensors'))).toEqual(summary)
  rmSync(join(directory, 'best.safetensors'))
  expect(await summarize(directory)).toEqual(summary)
  await expectRefusal(['summary', directory, '--cells', '8'], directory, ['--cells', 'says itself'])
})

test('a genotype: of the size that is given; a search: of its own size', async () => {
  const file = writeGenotype(temporary())
  const size = ['--cells', '3', '--channels', '2', '--in-channels', '1', '--image-size', '28'] as const
  const child = await writeUntrained(join(temporary(), 'child'), fashion)
  const [given, model] = [await summarize(file, ...size), await summarize(child)]
  // All but the names in the header.
  expect(given.rows.slice(0, -1)).toEqual(model.rows.slice(0, -1))
  const large = await summarize(
    file,
    ...size,
    '--prelu',
    '--affine',
    '--parent',
    '--stem',
    'imagenet',
    '--classes',
    '20',
  )
  expect(large).toMatchObject({ kind: 'parent' })
  expect(large.rows.find(({ name }) => name === 'head.bias')?.shape).toEqual([20])

  const search = temporary()
  expect((await run(['search', '--out', search, '--quiet', ...tiny])).code).toBe(0)
  const found = await summarize(search)
  expect(found.image).toEqual({ height: 28, width: 28, channels: 1 })
  expect(found.rows.filter(({ kind }) => kind === 'depthwise')).toEqual([])
  expect((await summarize(search, '--channels', '8')).bytes).toBeGreaterThan(found.bytes)
})

test('what is neither a model nor a genotype nor a run', async () => {
  const directory = temporary()
  await expectRefusal(['summary', directory], directory, [/genotype\.json: cannot be read/])
  await expectRefusal(['summary', join(directory, 'nowhere')], directory, ['nowhere', 'cannot be read'])
  await expectRefusal(['summary', join(directory, 'no.json')], directory, ['no.json', 'cannot be read'])
  writeFileSync(join(directory, 'model'), 'nothing at all')
  await expectRefusal(['summary', join(directory, 'model')], directory, ['not a safetensors file that can be read'])
  writeFileSync(join(directory, 'genotype'), '{"space":"darts"}')
  await expectRefusal(['summary', join(directory, 'genotype')], directory, ['darts'])
  const model = await writeUntrained(join(directory, 'child'), fashion)
  await expectRefusal(['summary', model, '--prelu'], directory, ['--prelu', 'says itself'])
  await expectRefusal(['summary', model, '--cells', '0'], directory, ['--cells', 'at least 1'])
})
