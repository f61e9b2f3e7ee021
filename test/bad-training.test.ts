import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { briefTraining } from './support/few-images.js'
import { fingerprint, temporary } from './support/files.js'
import { genotype, writeGenotype } from './support/genotype.js'
import { tiny, tinyTraining } from './support/settings.js'

const base = mkdtempSync(join(tmpdir(), 'cpnas-test-'))
const file = writeGenotype(base)
const template = join(base, 'train')
beforeAll(async () => {
  const { code } = await run(['train', '--genotype', file, '--out', template, '--quiet', ...briefTraining])
  expect(code).toBe(0)
})
afterAll(() => rmSync(base, { recursive: true }))

/** A directory with a finished training. */
const finishedTraining = (): string => {
  const directory = temporary()
  cpSync(template, directory, { recursive: true })
  return directory
}

const refuse = async (settings: readonly string[], words: readonly (string | RegExp)[]): Promise<void> => {
  const out = join(temporary(), 'run')
  await expectRefusal(['train', '--out', out, ...settings], out, words)
}

test('without a genotype it says how to get one', () =>
  refuse([], ['--genotype', 'is missing', 'cpnas search', 'cpnas train --genotype']))

test('a genotype that is not there, that is none, and that of a search that is not finished', async () => {
  await refuse(['--genotype', '/nowhere.json'], ['/nowhere.json', 'cannot be read'])
  const directory = temporary()
  writeFileSync(join(directory, 'none.json'), JSON.stringify({ ...genotype, space: 'darts' }))
  await refuse(['--genotype', join(directory, 'none.json')], ['none.json', 'darts'])
  await refuse(
    ['--genotype', directory],
    [/genotype\.json: cannot be read/, `cpnas search --resume --out ${directory}`],
  )
})

test.for([
  ['--epochs', '0', /integer of at least 1/],
  ['--precision', 'half', /binary, float/],
  ['--lambda', '-1', /number at least 0/],
  ['--drop-path', '1', /below 1/],
  ['--min-learning-rate', '5', /--learning-rate/],
  ['--warmup-epochs', '100', /--epochs|epochs/],
  ['--batch-size', '20000', /training split of \d+ images/],
  ['--preset', 'paper', /quick, cpu-10min, cpu-10min-parent, cpu-1h, cpu-1h-parent, cifar10, imagenet/],
  ['--save-every', '0', /integer of at least 1/],
] as const)('%s %s is out of range', ([option, value, words]) =>
  refuse(['--genotype', file, option, value], [option, words]),
)

test('--print-config refuses a bad value too', () =>
  refuse(['--print-config', '--lambda', '-1'], ['--lambda', 'number at least 0']))

test('a teacher without a weight, a weight without a teacher, and teachers that are none', async () => {
  const given = ['--genotype', file, ...briefTraining]
  await refuse([...given, '--teacher', template], ['--teacher', '--distillation-weight'])
  await refuse([...given, '--distillation-weight', '1'], ['--distillation-weight', 'teacher'])
  const taught = [...given, '--distillation-weight', '1', '--teacher']
  await refuse([...taught, '/nowhere'], ['/nowhere', 'cannot be read'])
  await refuse([...taught, file], [file])
  await refuse([...taught, base], [/train.*best\.safetensors|best\.safetensors/, 'cannot be read'])
  const onFashion = ['--genotype', file, ...tinyTraining, '--distillation-weight', '1', '--teacher', template]
  await refuse(onFashion, ['--teacher', 'other classes'])
})

test('the output directory holds another run, whole or in part', async () => {
  const directory = finishedTraining()
  await expectRefusal(['train', '--genotype', file, '--out', directory, ...briefTraining], directory, [
    directory,
    '--resume',
    '--out',
  ])
  const other = temporary()
  writeFileSync(join(other, 'best.safetensors'), 'precious')
  await expectRefusal(['train', '--genotype', file, '--out', other, ...briefTraining], other, ['best.safetensors'])
})

test('there is nothing to resume, or a search', async () => {
  await refuse(['--resume'], ['--resume', 'holds no run'])
  const directory = temporary()
  expect(await run(['search', '--out', directory, '--quiet', ...tiny])).toMatchObject({ code: 0 })
  await expectRefusal(['train', '--resume', '--out', directory], directory, [
    'not the configuration of a cpnas training',
  ])
})

test('options that are not those of the run to resume are named', async () => {
  const directory = finishedTraining()
  const resume = ['train', '--out', directory, '--resume']
  await expectRefusal([...resume, '--lambda', '2', '--cells', '3', '--channels', '3'], directory, [
    /^cpnas: --channels, --lambda: /,
    '--channels 2, not 3',
    '--lambda 0.01, not 2',
  ])
  const other = join(temporary(), 'other.json')
  writeFileSync(other, readFileSync(file, 'utf8').replace('"none"', '"max_pool_3x3"'))
  await expectRefusal([...resume, '--genotype', other], directory, ['--genotype of its own, not this one'])
  await expectRefusal([...resume, '--teacher', template], directory, ['--teacher absent, not'])
  await expectRefusal([...resume, '--init-from', template], directory, ['--init-from absent, not'])
  const before = fingerprint(directory)
  expect(await run([...resume, '--genotype', file, '--lambda', '0.01', '--quiet'])).toMatchObject({ code: 0 })
  expect(fingerprint(directory)).toEqual(before)
})

test('another teacher than the one that the run was begun with', async () => {
  const [directory, teacher] = [temporary(), temporary()]
  cpSync(template, teacher, { recursive: true })
  const taught = ['--genotype', file, ...briefTraining, '--distillation-weight', '1', '--teacher', teacher]
  expect(await run(['train', '--out', directory, '--quiet', ...taught])).toMatchObject({ code: 0 })
  const resume = ['train', '--resume', '--out', directory]
  // It may lie elsewhere.
  expect(await run([...resume, '--quiet', '--teacher', template])).toMatchObject({ code: 0 })
  expect(
    await run(['train', '--genotype', file, '--out', join(teacher, 'x'), '--quiet', ...briefTraining, '--seed', '9']),
  ).toMatchObject({ code: 0 })
  await expectRefusal([...resume, '--teacher', join(teacher, 'x')], directory, ['--teacher', 'another network'])
})

test.for<readonly [string, (text: string) => string, RegExp]>([
  [
    'an option out of range',
    text => text.replace('"lambda": 0.01', '"lambda": -1'),
    /config\.json: "training\.lambda"/,
  ],
  ['other cells', text => text.replace('"skip_connect"', '"max_pool_3x3"'), /other settings: genotype/],
  ['an unknown operation', text => text.replace('"skip_connect"', '"conv_9x9"'), /config\.json: "genotype".*conv_9x9/],
  ['no sources', text => text.replace('"teacher": null', '"teacher": 5'), /does not say what it begins from/],
  ['another seed', text => text.replace('"seed": 0', '"seed": 5'), /other settings: seed 0 instead of 5/],
  ['another version', text => text.replace('"version": 1', '"version": 9'), /has format version 9/],
])('a configuration with %s', async ([, change, words]) => {
  const directory = finishedTraining()
  const path = join(directory, 'config.json')
  writeFileSync(path, change(readFileSync(path, 'utf8')))
  await expectRefusal(['train', '--out', directory, '--resume'], directory, [words])
})

test('a loss that is not a number stops the run: names the epoch and an option', async () => {
  const directory = temporary()
  const settings = [...briefTraining, '--learning-rate', '1e30', '--gradient-clip', '0', '--optimizer', 'sgd']
  const { code, err } = await run(['train', '--genotype', file, '--out', directory, ...settings])
  expect(err.trimEnd().split('\n').at(-1)).toMatch(/^cpnas: [^\n]*epoch 1[^\n]*: [^\n]*--learning-rate/)
  expect(code).toBe(2)
})
