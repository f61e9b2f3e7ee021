import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseGenotype } from '@cpnas/supernet'
import { isRight } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { run, runProcess, start } from './support/cli.js'
import { everyFile, fingerprint, json, jsonLines, temporary } from './support/files.js'
import { small, tiny } from './support/settings.js'

test('a search ends with all files, a valid genotype and a summary', async () => {
  const directory = temporary()
  const { code, out, err } = await run(['search', '--out', directory, ...small])
  expect(err).toContain('round 1/2 pass 1/1 sample 3/3: child')
  expect(code).toBe(0)

  const genotype = parseGenotype(readFileSync(join(directory, 'genotype.json'), 'utf8'))
  const names = isRight(genotype) ? Object.values(genotype.right.genotype).flat() : []
  expect(names).toHaveLength(28)
  expect(names.filter(name => !['none', 'skip_connect', 'sep_conv_3x3'].includes(name))).toEqual([])
  const history = jsonLines(readFileSync(join(directory, 'history.jsonl'), 'utf8'))
  expect(history.map(({ type }) => type)).toEqual([
    'warmup',
    ...['sample', 'sample', 'sample', 'drop'],
    ...['sample', 'sample', 'drop'],
  ])
  expect(json(join(directory, 'config.json'))).toMatchObject({
    dataset: 'fashion-mnist',
    data: null,
    backend: 'wasm',
    threads: 1,
    search: { seed: 0, cells: 3, channels: 2, batchSize: 8, crop: 2, flip: true, betaP: 0.5 },
  })
  expect(readFileSync(join(directory, 'cells.svg'), 'utf8')).toMatch(/<svg[\s\S]*Normal cell[\s\S]*<\/svg>/)
  expect(Object.keys(everyFile(directory)).map(name => name.replace(/[0-9a-f]{16}/, 'HASH'))).toEqual([
    'cells.svg',
    'checkpoint-HASH.safetensors',
    'checkpoint.json',
    'config.json',
    'data.json',
    'genotype.json',
    'history.jsonl',
    'journal.jsonl',
  ])
  expect(out).toContain('c_{k-2} -> 0')
  expect(out).toMatch(/Child : [\d,]+ parameters of 1 bit, [\d,]+ of 32 bits/)
  expect(out).toContain(directory)
})

test('the same seed gives the same files, byte for byte; another seed gives others', async () => {
  const [a, b, c] = [temporary(), temporary(), temporary()]
  const seeded = (directory: string, seed: string) =>
    run(['search', '--out', directory, '--seed', seed, '--quiet', ...tiny])
  const runs = await Promise.all([seeded(a, '7'), seeded(b, '7'), seeded(c, '8')])
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(runs[0]!.err).toBe('')
  expect(fingerprint(a)).toEqual(fingerprint(b))
  expect(fingerprint(a)['history.jsonl']).not.toBe(fingerprint(c)['history.jsonl'])
})

test('--json prints one event a line, from start to result', async () => {
  const directory = temporary()
  const { code, out } = await run(['search', '--out', directory, '--json', ...tiny])
  expect(code).toBe(0)
  const events = jsonLines(out)
  expect(events[0]).toMatchObject({ type: 'start', directory, resumed: false, config: { backend: 'wasm' } })
  expect(events.at(-1)).toMatchObject({
    type: 'result',
    genotype: { normal: expect.any(Array), reduce: expect.any(Array) },
    chance: 0.1,
    samples: 2,
    files: { genotype: join(directory, 'genotype.json') },
  })
  const fractions = events.flatMap(({ fraction }) => (typeof fraction === 'number' ? [fraction] : []))
  expect(fractions).toEqual([...fractions].sort((x, y) => x - y))
  expect(fractions.at(-1)).toBe(1)
  const samples = events.filter(({ type }) => type === 'sample').map(({ entry }) => entry)
  const history = jsonLines(readFileSync(join(directory, 'history.jsonl'), 'utf8'))
  expect(history.filter(({ type }) => type === 'sample')).toEqual(samples)
})

test('the run lands in ./cpnas-run if no directory is named', async () => {
  const directory = temporary()
  const { code } = await runProcess(['search', '--quiet', ...tiny], directory)
  expect(code).toBe(0)
  expect(Object.keys(fingerprint(directory))).toContain('cpnas-run/genotype.json')
})

test('the reference engine searches too', async () => {
  const directory = temporary()
  const { code } = await run([
    'search',
    '--out',
    directory,
    '--quiet',
    ...tiny,
    '--backend',
    'reference',
    '--share',
    '0.002',
  ])
  expect(code).toBe(0)
  expect(json(join(directory, 'config.json'))).toMatchObject({ backend: 'reference' })
})

test.each(['random', 'regularized-evolution'])(
  '%s searches, resumes, and ends with its best sample',
  async strategy => {
    const options = [
      ...tiny,
      '--strategy',
      strategy,
      '--samples',
      '4',
      ...(strategy === 'random' ? [] : ['--population', '2']),
    ]
    const [whole, stopped] = [temporary(), temporary()]
    const { code, out, err } = await run(['search', '--out', whole, ...options])
    expect(code).toBe(0)
    expect(err).toContain('sample 4/4: child')
    expect(out).toContain('Validation accuracy, found sample: Child')
    const history = jsonLines(readFileSync(join(whole, 'history.jsonl'), 'utf8'))
    const best = Math.max(...history.map(({ z }) => z as number))
    const found = parseGenotype(readFileSync(join(whole, 'genotype.json'), 'utf8'))
    expect(history.find(({ z }) => z === best)).toMatchObject({
      architecture: isRight(found) && found.right.genotype,
    })

    const { child, finished } = start(['search', '--out', stopped, ...options])
    child.stderr!.on('data', (text: string) => {
      if (text.includes('sample 2/4')) child.kill('SIGINT')
    })
    await finished
    expect((await run(['search', '--out', stopped, '--resume'])).code).toBe(0)
    expect(readFileSync(join(stopped, 'history.jsonl'), 'utf8')).toBe(
      readFileSync(join(whole, 'history.jsonl'), 'utf8'),
    )
  },
)

test('the residual space goes all the way: search, train, export, evaluate, report', async () => {
  const directory = temporary()
  const [search, training] = [join(directory, 'search'), join(directory, 'training')]
  const size = ['--cells', '3', '--channels', '4', '--share', '0.01', '--batch-size', '8', '--threads', '1']
  const done = async (...args: readonly string[]) => {
    const { code, out, err } = await run(args)
    expect([code, err.includes('cpnas:')]).toEqual([0, false])
    return out
  }
  const operations = ['--operations', 'none,conv_3x3,max_pool_3x3', '--warmup-epochs', '0']
  await done('search', '--space', 'residual', '--out', search, ...size, ...operations, '--backend', 'wasm')
  expect(json(join(search, 'genotype.json'))).toMatchObject({ space: 'residual', nodes: 4 })
  await done('train', '--genotype', search, '--out', training, ...size, '--epochs', '1', '--backend', 'wasm')
  const packed = join(directory, 'model.cpnas')
  await done('export', training, '--out', packed)
  const accuracyOf = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1)!).top1
  const [ofModel, ofPacked] = [await done('eval', training, '--json'), await done('eval', packed, '--json')].map(
    accuracyOf,
  )
  expect(ofPacked).toBeCloseTo(ofModel as number, 2)
  const page = join(directory, 'report.html')
  await done('report', search, training, '--out', page)
  expect(readFileSync(page, 'utf8')).toContain('conv_3x3')

  const { code, err } = await run(['train', '--genotype', search, '--space', 'cp-nas', '--out', join(directory, 'x')])
  expect(code).toBe(2)
  expect(err).toContain('--space: is cp-nas, and the genotype is of the space residual')
})
