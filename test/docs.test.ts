import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Finished, type Running, run, start, watch } from './support/cli.js'
import { writeGenotype } from './support/genotype.js'
import { png, writeClasses } from './support/image-folder.js'
import { redisProgram, startRedis } from './support/redis.js'
import { brief as briefSearch, tiny, tinyTraining } from './support/settings.js'

const docs = join(import.meta.dirname, '../docs')
const root = mkdtempSync(join(tmpdir(), 'cpnas-docs-test-'))
afterAll(() => rmSync(root, { recursive: true }))

interface Block {
  readonly language: string
  readonly text: string
}

const blocksOf = (page: string): readonly Block[] =>
  [...readFileSync(join(docs, `${page}.md`), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ([, language, text]) => ({
      language: language!,
      text: text!,
    }),
  )

const writePictures = (directory: string, count: number): void =>
  writeClasses(directory, { cat: [20, 30, 200], dog: [210, 40, 30] }, count)

/** Forty images of CIFAR-10's size in each of its files. */
const writeCifar = (directory: string): void => {
  mkdirSync(directory, { recursive: true })
  const records = Buffer.concat(
    Array.from({ length: 40 }, (_, i) => Buffer.concat([Buffer.of(i % 10), Buffer.alloc(3072, 6 * i)])),
  )
  for (const file of [...[1, 2, 3, 4, 5].map(n => `data_batch_${n}`), 'test_batch'])
    writeFileSync(join(directory, `${file}.bin`), records)
}

const engine = ['--threads', '1', '--backend', 'wasm']

/** What makes a command take a second; a later option overrides an earlier one. */
const brief: Readonly<Record<string, readonly string[]>> = {
  create: ['--minutes', '0.1', ...engine],
  search: briefSearch,
  train: tinyTraining,
  ablate: ['--train-cells', '3', '--train-channels', '2', '--train-share', '0.008', '--epochs', '1', ...engine],
  bench: ['--repeat', '2'],
  backends: ['--no-measure'],
  'table build': ['--architectures', '6', '--share', '0.5', '--epochs', '2', '--channels', '2', ...engine],
}

const keepsItsOptions = (words: readonly string[]): boolean =>
  words.some(word => ['--resume', '--print-config', '--print-schema'].includes(word))

const shortened = ([name, ...words]: readonly string[]): readonly string[] => [
  name!,
  ...words,
  ...(keepsItsOptions(words) ? [] : (brief[name!] ?? brief[`${name} ${words[0]}`] ?? [])),
  ...(words.includes('data/cifar10') && name === 'search' ? ['--share', '0.4'] : []),
  // More than the page has built before.
  ...(words.includes('--without') ? ['--architectures', '8'] : []),
  ...(words.includes('relaxed') ? ['--samples', '1'] : []),
  ...(words.includes('nsga-ii') ? ['--samples', '10', '--population', '4'] : []),
  ...(words.includes('--target-ms') ? ['--samples', '3'] : []),
  ...(words.includes('pictures') && name === 'train' ? ['--share', '1', '--cells', '3', '--channels', '16'] : []),
]

/** The lines of `sh` blocks, without what installs packages (tested with the packages), downloads, or needs a whole table (tested with it). */
const commandsOf = (page: string): readonly (readonly string[])[] =>
  blocksOf(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.trim().split('\n'))
    .filter(line => !/^npm install|cpnas data get |cpnas compare /.test(line))
    .map(line => {
      const [, words] = /^(?:npx )?cpnas (.*)$/.exec(line) ?? []
      if (words === undefined) throw new Error(`${page}: no command of cpnas: ${line}`)
      return words.split(' ')
    })

const folderOf = (page: string): string => join(root, page)

const prepare = (page: string): string => {
  const folder = folderOf(page)
  writePictures(join(folder, 'pictures'), 20)
  writeCifar(join(folder, 'data/cifar10'))
  writeFileSync(join(folder, 'photo.jpg'), png(40, 30, [200, 60, 20], [10, 10, 10]))
  writeGenotype(folder)
  symlinkSync(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

describe.each(['index', 'pictures', 'search-and-train', 'runs', 'files', 'table'])('%s', page => {
  test('every command does what the page says, in their order', async () => {
    const folder = prepare(page)
    if (page === 'files')
      cpSync(join(folderOf('search-and-train'), 'child'), join(folder, 'child'), { recursive: true })
    for (const words of commandsOf(page)) {
      const { code, err } = await run(shortened(words), folder)
      expect({ words, code, err: code === 0 ? '' : err }).toEqual({ words, code: 0, err: '' })
    }
  })

  test('every program runs', async () => {
    for (const { language, text } of blocksOf(page)) {
      if (language === 'js') {
        const child = spawn(process.execPath, ['--input-type=module', '--eval', text], { cwd: folderOf(page) })
        expect(await watch(child)).toMatchObject({
          code: 0,
          err: '',
          out: expect.stringMatching(/^(cat|dog) 0\.\d+\n$/),
        })
      }
      if (language === 'python') {
        if (spawnSync('python3', ['-c', 'import onnxruntime, PIL']).status !== 0) {
          console.warn('SKIPPED Python of the documentation: there is no python3 with onnxruntime and PIL')
          continue
        }
        const child = spawn('python3', ['-c', text], { cwd: folderOf(page) })
        expect(await watch(child)).toMatchObject({ code: 0, out: expect.stringMatching(/^(cat|dog)\n$/) })
      }
    }
  })
})

test.skipIf(redisProgram === undefined)('many-machines: every command does what the page says', async () => {
  const folder = prepare('many-machines')
  const redis = await startRedis()
  const workers: Running[] = []
  for (const words of commandsOf('many-machines')) {
    const here = words.map(word => word.replace('redis://localhost:6379', redis.url))
    if (words[0] === 'worker') workers.push(start([...here, ...engine], folder))
    else {
      const { code, err } = await run(shortened(here), folder)
      expect({ words, code, err: code === 0 ? '' : err }).toEqual({ words, code: 0, err: '' })
    }
  }
  for (const { child } of workers) child.kill('SIGINT')
  const ended = await Promise.all(workers.map(({ finished }) => finished))
  // One of them may have been quicker every time.
  expect(
    ended.map(({ err }) => Number(/Stopped after (\d+) task/.exec(err)?.[1])).reduce((a, b) => a + b),
  ).toBeGreaterThan(3)
  await redis.stop()
})

test('questions: every message is what is printed', async () => {
  const folder = folderOf('questions')
  writePictures(join(folder, 'pictures'), 4)
  writeGenotype(folder)
  expect(await run(['search', '--out', 'run', '--quiet', ...tiny], folder)).toMatchObject({ code: 0 })
  const refused: readonly (readonly string[])[] = [
    ['search', '--out', 'run'],
    ['search', '--resume', '--out', 'run', '--channels', '4'],
    ['search', '--dataset', 'cifar10'],
    ['train', '--epochs', '0'],
    ['create', 'pictures'],
  ]
  const printed: Finished[] = []
  for (const words of refused) printed.push(await run(words, folder))
  const shown = blocksOf('questions').filter(({ language }) => language === 'text')
  expect(printed.map(({ err }) => err)).toEqual(shown.map(({ text }) => text))
})
