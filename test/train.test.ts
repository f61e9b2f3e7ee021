import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { presetSources, trainingPresets } from '@cpnas/training'
import { expect, test } from 'vitest'
import { run, runProcess } from './support/cli.js'
import { briefTraining } from './support/few-images.js'
import { everyFile, fingerprint, json, jsonLines, temporary } from './support/files.js'
import { writeGenotype } from './support/genotype.js'
import { small, tinyTraining } from './support/settings.js'

const historyOf = (directory: string) => jsonLines(readFileSync(join(directory, 'history.jsonl'), 'utf8'))

/** A finished training of the tiny genotype. */
const train = async (...settings: readonly string[]): Promise<string> => {
  const directory = temporary()
  const genotype = writeGenotype(temporary())
  const { code, err } = await run(['train', '--genotype', genotype, '--out', directory, ...briefTraining, ...settings])
  expect({ code, last: err.trimEnd().split('\n').at(-1) }).toEqual({
    code: 0,
    last: expect.stringContaining('100.0 %'),
  })
  return directory
}

test('a training ends with all files and a summary, which say the same', async () => {
  const [directory, source] = [temporary(), temporary()]
  const genotype = writeGenotype(source)
  const { code, out, err } = await run(['train', '--genotype', genotype, '--out', directory, ...tinyTraining])
  expect(err).toMatch(/^epoch 2\/2: loss \d\.\d{3} training [\d.]+ % validation [\d.]+ %/m)
  expect(code).toBe(0)
  expect(Object.keys(everyFile(directory)).map(name => name.replace(/[0-9a-f]{16}/, 'HASH'))).toEqual([
    'best.safetensors',
    'cells.svg',
    'checkpoint-HASH.safetensors',
    'checkpoint.json',
    'config.json',
    'data.json',
    'evaluation.json',
    'genotype.json',
    'history.jsonl',
    'journal.jsonl',
    'model.safetensors',
  ])
  expect(fingerprint(directory)['genotype.json']).toBe(fingerprint(source)['genotype.json'])
  expect(historyOf(directory).map(({ stage, epoch }) => [stage, epoch])).toEqual([
    [1, 1],
    [1, 2],
  ])
  expect(json(join(directory, 'config.json'))).toMatchObject({
    format: 'cpnas-training',
    dataset: 'fashion-mnist',
    backend: 'wasm',
    threads: 1,
    initFrom: null,
    teacher: null,
    training: { seed: 0, cells: 3, channels: 2, batchSize: 8, epochs: 2, precision: 'binary', stages: 1 },
  })
  const { best, last } = json(join(directory, 'evaluation.json')) as Record<'best' | 'last', { top1: number }>
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  expect(out).toContain(`${percent(best.top1)}, last one ${percent(last.top1)} (chance 10.0 %)`)
  const { size } = statSync(join(directory, 'model.safetensors'))
  expect(out).toMatch(/^Child: [\d,]+ parameters of 1 bit, [\d,]+ of 32 bits .* a model file has ([\d,]+) bytes$/m)
  expect(out).toContain(`a model file has ${size.toLocaleString('en-US')} bytes`)
  expect(out).toContain(`Files in ${directory}: config.json`)
})

test('the same seed gives the same files, byte for byte; the last files, that of the search too, are those of ./cpnas-train', async () => {
  const directory = temporary()
  expect(await runProcess(['search', '--quiet', ...small], directory)).toMatchObject({ code: 0 })
  const settings = ['train', '--genotype', 'cpnas-run', '--quiet', ...briefTraining]
  const runs = await Promise.all([
    runProcess(settings, directory),
    runProcess([...settings, '--out', 'again'], directory),
    runProcess([...settings, '--out', 'other', '--seed', '1'], directory),
  ])
  expect(runs.map(({ code, err }) => ({ code, err }))).toEqual(Array(3).fill({ code: 0, err: '' }))
  const files = (name: string) => fingerprint(join(directory, name))
  expect(files('again')).toEqual(files('cpnas-train'))
  expect(files('again')['genotype.json']).toBe(files('cpnas-run')['genotype.json'])
  expect(files('other')['model.safetensors']).not.toBe(files('again')['model.safetensors'])
})

test('--json prints one event a line, from start to result', async () => {
  const directory = temporary()
  const genotype = writeGenotype(temporary())
  const { code, out } = await run(['train', '--genotype', genotype, '--out', directory, '--json', ...briefTraining])
  expect(code).toBe(0)
  const events = jsonLines(out)
  expect(events[0]).toMatchObject({ type: 'start', directory, resumed: false, config: { backend: 'wasm' } })
  expect(events.filter(({ type }) => type === 'epoch').map(({ entry }) => entry)).toEqual(historyOf(directory))
  const { best, last } = json(join(directory, 'evaluation.json')) as Record<'best' | 'last', { top1: number }>
  expect(events.at(-1)).toMatchObject({
    type: 'result',
    kind: 'child',
    best: { accuracy: best.top1 },
    last: { epoch: 2, accuracy: last.top1 },
    chance: 0.1,
    files: { best: join(directory, 'best.safetensors') },
  })
  const fractions = events.flatMap(({ fraction }) => (typeof fraction === 'number' ? [fraction] : []))
  expect(fractions).toEqual([...fractions].sort((x, y) => x - y))
  expect(fractions.at(-1)).toBe(1)
})

test.each([
  [1, ['best', 'last'], '6'],
  [2, ['best'], '0'],
])('the best network, of epoch %d of two, and the last one: %j are tested', async (epoch, networks, seed) => {
  const settings = [
    '--genotype',
    writeGenotype(temporary()),
    '--out',
    temporary(),
    '--json',
    ...briefTraining,
    '--learning-rate',
    '0.1',
    '--seed',
    seed,
  ]
  const events = jsonLines((await run(['train', ...settings])).out)
  expect(events.flatMap(({ type, network }) => (type === 'test' ? [network] : []))).toEqual(networks)
  expect(events.at(-1)).toMatchObject({ best: { epoch } })
})

test('--config takes hyper-parameters from a file or a run; the command line overrides it', async () => {
  const directory = temporary()
  const file = join(directory, 'options.json')
  writeFileSync(file, JSON.stringify({ epochs: 3, channels: 5, lambda: 0.5 }))
  const printed = async (...args: readonly string[]) => {
    const { code, out } = await run(['train', '--print-config', '--json', ...args])
    expect(code).toBe(0)
    return JSON.parse(out).options
  }
  expect(await printed('--config', file, '--epochs', '4')).toMatchObject({
    epochs: { value: 4, source: 'the command line' },
    channels: { value: 5, source: '--config' },
    lambda: { value: 0.5, source: '--config' },
  })
  writeFileSync(file, JSON.stringify({ crop: 4 }))
  expect(await printed('--config', file)).toMatchObject({ cropScale: { value: 'none', source: '--config' } })
  const genotype = writeGenotype(directory)
  const begun = await train()
  expect(await printed('--config', join(begun, 'config.json'))).toMatchObject({
    channels: { value: 2, source: '--config' },
    batchSize: { value: 8, source: '--config' },
  })

  const refused = async (content: string, ...words: readonly string[]) => {
    writeFileSync(file, content)
    const { code, err } = await run(['train', '--config', file, '--genotype', genotype, '--out', join(directory, 'x')])
    expect(code).toBe(2)
    for (const word of words) expect(err).toContain(word)
  }
  await refused('{"epoch": 3}', 'has the unknown option "epoch"')
  await refused('{"epochs": 0}', '--epochs', 'at least 1')
  await refused('[1]', 'holds no hyper-parameters')
  await refused('epochs: 3', 'is not JSON')
  await refused(JSON.stringify({ format: 'cpnas-run', search: {} }), 'holds no hyper-parameters of this command')
})

test('--print-schema describes --config files', async () => {
  for (const command of ['search', 'train']) {
    const { code, out } = await run([command, '--print-schema'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      title: `Hyper-parameters of cpnas ${command}`,
      properties: { seed: { type: 'integer', minimum: 0 }, space: { enum: ['cp-nas', 'residual', 'tiny'] } },
    })
  }
})

test('--print-config names every value and its source, and touches nothing', async () => {
  const directory = temporary()
  for (const [preset, values] of Object.entries(trainingPresets)) {
    const printed = ['train', '--print-config', '--preset', preset, '--lambda', '0.25']
    const [asTable, asJson] = await Promise.all([
      runProcess(printed, directory),
      runProcess([...printed, '--json'], directory),
    ])
    expect([asTable.code, asJson.code]).toEqual([0, 0])
    const { options } = JSON.parse(asJson.out) as { options: Record<string, { value: unknown; source: string }> }
    const sources = presetSources[preset as keyof typeof trainingPresets]
    for (const [name, value] of Object.entries(values)) {
      const given = name === 'lambda'
      expect(options[name]).toEqual({
        value: given ? 0.25 : value,
        source: given ? 'the command line' : sources[name as keyof typeof sources],
      })
      const flag = name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
      expect(asTable.out).toMatch(new RegExp(`│ --${flag} +│ ${given ? 0.25 : value} +│ \\S`))
    }
  }
  expect(fingerprint(directory)).toEqual({})
})

test('two stages: the history has both, each with its epochs', async () => {
  const directory = await train('--stages', '2')
  expect(historyOf(directory).map(({ stage, epoch }) => [stage, epoch])).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ])
})

test('a Parent is trained, teaches a Child by its directory or its file, and that Child is another one', async () => {
  const parent = await train('--precision', 'float')
  expect(json(join(parent, 'config.json'))).toMatchObject({ training: { precision: 'float' } })
  const taught = await train('--teacher', parent, '--distillation-weight', '1')
  const byFile = await train('--teacher', join(parent, 'best.safetensors'), '--distillation-weight', '1')
  const model = (directory: string) => fingerprint(directory)['model.safetensors']
  expect(model(byFile)).toBe(model(taught))
  expect(model(taught)).not.toBe(model(await train()))
  const [{ terms }] = historyOf(taught) as readonly [{ terms: Record<string, number> }]
  expect(terms.distillation).toBeGreaterThan(0)
})
