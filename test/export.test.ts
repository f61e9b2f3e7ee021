import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeSafetensors, type Metrics } from '@cpnas/model'
import { isRight } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { fingerprint, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { fashion, writeUntrained } from './support/model.js'
import { tinyTraining } from './support/settings.js'

const result = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await run(args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

test('a training in every format: the packed network does as well as the model, its summary is its file to the byte', async () => {
  const directory = temporary()
  const genotype = writeGenotype(temporary())
  expect(await run(['train', '--genotype', genotype, '--out', directory, '--quiet', ...tinyTraining])).toMatchObject({
    code: 0,
  })
  const before = fingerprint(directory)

  const packed = join(directory, 'best.cpnas')
  const { float, ...facts } = JSON.parse(await result('export', directory, '--json'))
  const { size } = statSync(packed)
  expect(facts).toMatchObject({ file: packed, format: 'packed', bytes: size, compression: facts.parentBytes / size })
  expect(float.length).toBeGreaterThan(3)
  const summary = JSON.parse(await result('summary', packed, '--json'))
  expect(summary).toMatchObject({ bytes: size, float })
  expect(summary.rows.reduce((sum: number, row: { readonly bytes: number }) => sum + row.bytes, 0)).toBe(size)

  const evaluation = async (path: string, ...options: readonly string[]): Promise<Metrics> =>
    JSON.parse(await result('eval', path, '--json', ...options))
  const [mine, model] = [await evaluation(packed), await evaluation(directory)]
  expect(await evaluation(packed, '--threads', '1')).toEqual(mine)
  // A sign next to its threshold may fall to the other side, and an image with it.
  expect(Math.abs(mine.top1 - model.top1)).toBeLessThan(0.005)
  expect(mine.images).toBe(model.images)

  await result('export', directory, '--format', 'onnx')
  expect(statSync(join(directory, 'best.onnx')).size).toBeGreaterThan(1000)
  await result('export', directory, '--format', 'safetensors')
  const latent = decodeSafetensors(readFileSync(join(directory, 'latent.safetensors')))
  expect(isRight(latent) && latent.right['stem.filters']).toMatchObject({ shape: [3, 3, 1, 6] })
  expect(fingerprint(directory)).toMatchObject(before)
  await expectRefusal(['export', directory, '--format', 'safetensors', '--best'], directory, [/--best/, /last epoch/])
})

test('bench says what it chose, the time of an image, and where it goes', async () => {
  const model = await writeUntrained(join(temporary(), 'model.safetensors'), fashion)
  const report = JSON.parse(await result('bench', model, '--repeat', '3', '--threads', '2', '--profile', '--json'))
  expect(['lookup', 'popcount']).toContain(report.choice.loop)
  expect(report.timings).toMatchObject([
    { batch: 1, threads: 1 },
    { batch: 64, threads: 1 },
    { batch: 64, threads: 2 },
  ])
  expect(report.profile.at(-1).kind).toBe('classifier')
  const words = await result('bench', model, '--repeat', '3', '--loop', 'popcount', '--profile')
  expect(words).toMatch(/^Engine: XNOR, WebAssembly with (relaxed )?SIMD, one thread, inner loop popcount$/m)
  expect(words).toMatch(/^│ binary-depthwise +│ +\d+ │ +[\d.]+ │ +[\d.]+ % │ +[\d,]+ │ +0 │ +[\d.]+ │$/m)
})

test('what cannot be exported is refused: a Parent as bits, a damaged file, latent weights of a model file', async () => {
  const directory = temporary()
  const parent = await writeUntrained(join(directory, 'parent.safetensors'), fashion, 'parent')
  await expectRefusal(['export', parent], directory, [/is a Parent/, /--format onnx/])
  await result('export', parent, '--format', 'onnx')
  await expectRefusal(['export', parent, '--format', 'safetensors'], directory, [/no latent weights/])

  const child = await writeUntrained(join(directory, 'child.safetensors'), fashion)
  await result('export', child)
  const packed = join(directory, 'child.cpnas')
  const damaged = join(directory, 'damaged.cpnas')
  writeFileSync(
    damaged,
    readFileSync(packed).map((byte, i) => (i === 999 ? byte ^ 1 : byte)),
  )
  for (const command of ['eval', 'summary', 'bench'])
    await expectRefusal([command, damaged], directory, [
      /damaged\.cpnas: is no whole packed network/,
      /cpnas export RUN/,
    ])
  await expectRefusal(['eval', packed, '--last'], directory, [/--last/])
})
