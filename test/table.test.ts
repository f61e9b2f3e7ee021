import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allCells, keyOf, parseTable, printTable, type Table, type TableEntry } from '@cpnas/table'
import { isRight } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { run, start } from './support/cli.js'
import { expectRefusal } from './support/expect-refusal.js'
import { json, jsonLines, temporary } from './support/files.js'
import { proceed } from './support/proceed.js'
import { tableFacts, tableFigures } from './support/table-facts.js'

const brief = [
  '--architectures',
  '4',
  '--share',
  '0.02',
  '--epochs',
  '2',
  '--channels',
  '2',
  '--backend',
  'wasm',
  '--threads',
  '1',
]

/** A search of the table's space that takes a second. */
const smallSearch = [
  ...['--space', 'tiny', '--evaluator', 'one-shot', '--strategy', 'random'],
  ...['--channels', '2', '--share', '0.02', '--validation-share', '0.5', '--backend', 'wasm'],
]

const tableIn = (path: string): Table => {
  const table = parseTable(readFileSync(path, 'utf8'))
  if (isRight(table)) return table.right
  throw new Error(JSON.stringify(table.left))
}

/** What does not depend on the machine. */
const trainingsOf = (table: Table) => [...table.entries].map(([key, { child, parent }]) => [key, child, parent])

test('a table built in parts, one of them killed and resumed, is the one that is built at once', async () => {
  const [whole, first, second, out] = [temporary(), temporary(), temporary(), temporary()]
  expect(await run(['table', 'build', '--out', whole, '--quiet', ...brief])).toMatchObject({ code: 0 })
  expect(
    await run(['table', 'build', '--out', first, '--quiet', '--shard', '1', '--shards', '2', ...brief]),
  ).toMatchObject({ code: 0 })
  const part = ['table build', '--shard', '2', '--shards', '2', ...brief]
  const killed = await proceed(part as [string, ...string[]], second, 'SIGKILL', event =>
    event.includes('"type":"row"'),
  )
  expect(killed.code).toBeNull()
  const some = await run(['table', 'write', first, second, '--out', join(out, 'some.json')])
  expect(some).toMatchObject({ code: 2 })
  expect(some.err).toMatch(/hold [23] of 4 architectures/)
  expect(await run(['table', 'write', first, '--partial', '--out', join(out, 'some.json')])).toMatchObject({ code: 0 })
  expect(tableIn(join(out, 'some.json')).entries.size).toBe(2)
  expect(await run(['table', 'build', '--resume', '--out', second, '--quiet'])).toMatchObject({ code: 0 })

  const [one, other] = [join(out, 'one.json'), join(out, 'other.json')]
  expect(await run(['table', 'write', whole, '--out', one])).toMatchObject({ code: 0 })
  expect(await run(['table', 'write', second, first, '--out', other])).toMatchObject({ code: 0 })
  expect(trainingsOf(tableIn(other)).sort()).toEqual(trainingsOf(tableIn(one)).sort())
  for (const { child, parent, bytes, milliseconds, bits } of tableIn(one).entries.values()) {
    expect([child.length, parent.length]).toEqual([2, 1])
    expect(child[0]!.validation).toHaveLength(2)
    expect(Math.min(bytes, milliseconds)).toBeGreaterThan(0)
    expect(bits).toBeLessThan(bytes * 8)
  }
  const info = await run(['table', 'info', one])
  expect(info.out).toContain('4 of 1,000 architectures of the space tiny; fashion-mnist: 133 training images')
  await expectRefusal(['table', 'build', '--architectures', '1001', '--out', join(out, 'new')], out, [
    '--architectures: 1001',
  ])
  await expectRefusal(['compare', one], out, ['the table: has 4 of 1000 architectures'])
})

test('a table written before is completed elsewhere', async () => {
  const [first, whole, rest, out] = [temporary(), temporary(), temporary(), temporary()]
  const few = ['--epochs', '1', ...brief.slice(2)]
  const build = (directory: string, ...options: readonly string[]) =>
    run(['table', 'build', '--out', directory, ...few, ...options])
  const written = async (name: string, ...parts: readonly string[]) => {
    expect(await run(['table', 'write', ...parts, '--out', join(out, name)])).toMatchObject({ code: 0 })
    return join(out, name)
  }
  await build(first, '--architectures', '2')
  await build(whole, '--architectures', '4')
  const before = await written('before.json', first)
  const completed = await build(rest, '--architectures', '4', '--without', before)
  expect(completed.err).toContain('6 trainings, without 2 architectures')
  expect(completed.out).toContain(`cpnas table write ${rest} and the table of the architectures left out`)
  expect(trainingsOf(tableIn(await written('both.json', before, rest))).sort()).toEqual(
    trainingsOf(tableIn(await written('whole.json', whole))).sort(),
  )
  expect(await build(rest, '--resume')).toMatchObject({ code: 0 })
  expect(await build(rest, '--resume', '--without', before)).toMatchObject({ code: 0 })

  const refused = (...args: [readonly string[], ...string[]]) => expectRefusal(args[0], out, args.slice(1) as string[])
  const anew = ['table', 'build', '--out', join(out, 'new'), ...few]
  const both = join(out, 'both.json')
  await refused(
    ['table', 'build', '--resume', '--out', rest, '--without', both],
    'a table of 2 architectures, not another',
  )
  await refused([...anew, '--without', before, '--architectures', '2'], 'has all architectures of this part')
  await refused([...anew, '--without', before, '--learning-rate', '0.5'], 'its trainings differ in --learning-rate')
  await refused([...anew, '--without', join(out, 'none.json')], 'none.json', 'does not exist')
  await refused(['table', 'write', before, both], 'before.json', 'is a table already')
  const write = ['table', 'write', rest, before, '--out', join(out, 'refused.json')]
  const table = tableIn(before)
  writeFileSync(before, printTable({ ...table, digest: 'other' }))
  await refused(write, 'before.json', 'their trainings differ in images')
  const [[key, entry]] = [...table.entries] as [[string, TableEntry]]
  writeFileSync(before, printTable({ ...table, entries: new Map([[key, { ...entry, child: entry.child.slice(1) }]]) }))
  await refused(write, 'before.json', 'more or fewer seeds')
})

test('a table of some operations takes its place in a table of all', async () => {
  const [some, all, out] = [temporary(), temporary(), temporary()]
  const few = ['--architectures', '2', '--epochs', '1', ...brief.slice(2)]
  const build = (directory: string, ...options: readonly string[]) =>
    run(['table', 'build', '--out', directory, '--quiet', ...few, ...options])
  expect(await build(some, '--operations', 'none,conv_3x3')).toMatchObject({ code: 0 })
  const path = join(out, 'some.json')
  expect(await run(['table', 'write', some, '--out', path])).toMatchObject({ code: 0 })
  const cells = [...tableIn(path).entries.values()].map(({ cell }) => cell)
  expect(cells).toHaveLength(2)
  expect(cells.flat().filter(operation => !['none', 'conv_3x3'].includes(operation))).toEqual([])
  expect(await build(all)).toMatchObject({ code: 0 })
  expect(await run(['table', 'write', some, all, '--out', path])).toMatchObject({ code: 0 })
  expect(tableIn(path).entries.size).toBe(4)
  await expectRefusal(['table', 'build', '--operations', 'none,conv_5x5', '--out', join(out, 'new')], out, [
    '--operations: ["none","conv_5x5"]',
  ])
})

test('a training of a table is the one that `cpnas train` makes', async () => {
  const [table, training] = [temporary(), temporary()]
  await run(['table', 'build', '--out', table, '--quiet', ...brief, '--architectures', '2'])
  const [row] = jsonLines(readFileSync(join(table, 'history.jsonl'), 'utf8'))
  const genotype = join(training, 'genotype.json')
  writeFileSync(genotype, JSON.stringify({ space: 'tiny', nodes: 2, normal: row!.cell, reduce: row!.cell }))
  const out = join(training, 'run')
  const settings = [
    '--preset',
    'cpu-10min',
    '--cells',
    '3',
    '--channels',
    '2',
    '--share',
    '0.02',
    '--epochs',
    '2',
    '--batch-size',
    '64',
  ]
  const recipe = [
    '--crop',
    '4',
    '--learning-rate',
    '0.02',
    '--warmup-epochs',
    '0.6',
    '--validation-share',
    String(1 / 3),
  ]
  const engine = ['--backend', 'wasm', '--threads', '1', '--quiet']
  expect(await run(['train', '--genotype', genotype, '--out', out, ...settings, ...recipe, ...engine])).toMatchObject({
    code: 0,
  })
  expect(json(join(out, 'evaluation.json'))).toMatchObject({ last: { top1: row!.test } })
})

/** A table in which every convolution is worth two points, and nothing is noise. */
const simpleTable = (): Table => ({
  ...tableFacts(3),
  entries: new Map(
    allCells().map(cell => {
      const accuracy = 0.4 + 0.02 * cell.filter(operation => operation === 'conv_3x3').length
      const training = {
        seed: 0,
        validation: [accuracy, accuracy, accuracy],
        test: accuracy,
        loss: 1,
        lossValidation: -Math.log(accuracy),
      }
      return [keyOf(cell), { cell, child: [training], parent: [training], ...tableFigures(1) }]
    }),
  ),
})

test('a table that has all cells of some operations is compared with these', async () => {
  const directory = temporary()
  const path = join(directory, 'table.json')
  const whole = simpleTable()
  const entries = [...whole.entries].filter(([, { cell }]) => !cell.includes('avg_pool_3x3'))
  writeFileSync(path, printTable({ ...whole, entries: new Map(entries) }))
  const compare = ['compare', path, '--strategies', 'random,cp-nas', '--replays', '3', '--out', join(directory, 'out')]
  await expectRefusal(compare, directory, [
    'the table: has 234 of 1000 architectures',
    'give --operations none,skip_connect,conv_3x3: it has all of these',
  ])
  // A pass of CP-NAS over three operations has five samples, each trained as Child and as Parent.
  const budgets = ['--budgets', '10']
  const { code } = await run([...compare, ...budgets, '--operations', 'none,skip_connect,conv_3x3'])
  expect(code).toBe(0)
  const { rows } = json(join(directory, 'out', 'compare.json')) as { readonly rows: readonly { cost: number }[] }
  expect(rows.map(({ cost }) => cost)).toEqual([10, 10])
  const info = await run(['table', 'info', path, '--operations', 'none,conv_3x3'])
  expect(info.out).toContain('30 of 30 architectures of the space tiny made of none, conv_3x3')
  for (const operations of ['none', 'none,conv_7x7'])
    await expectRefusal(['table', 'info', path, '--operations', operations], directory, ['operations:'])
  for (const operations of ['none', 'none,none', 'none,conv_7x7'])
    await expectRefusal([...compare, ...budgets, '--operations', operations], directory, ['operations:'])
})

test('searches on images are judged by the table of these images', async () => {
  const directory = temporary()
  const runs = join(directory, 'runs')
  const settings = [...smallSearch, '--samples', '2', '--warmup-epochs', '2', '--batch-size', '50']
  const search = (name: string, ...options: readonly string[]) =>
    run(['search', '--out', join(runs, name), '--quiet', '--threads', '1', ...settings, ...options])
  for (const seed of ['0', '1']) expect(await search(seed, '--seed', seed)).toMatchObject({ code: 0 })
  const { images } = json(join(runs, '0', 'config.json')) as { readonly images: { readonly digest: string } }

  const path = join(directory, 'table.json')
  const table = simpleTable()
  // Of 200 images: those of the searches. A training is three epochs of 100 images, and evaluates 100 in each.
  const facts = {
    digest: images.digest,
    images: { training: 100, validation: 100, test: 100 },
    training: { epochs: 3, share: 0.02 },
  }
  writeFileSync(path, printTable({ ...table, ...facts }))
  const out = join(directory, 'out')
  const compare = ['compare', path, '--strategies', 'random', '--budgets', '1', '--replays', '10', '--out', out]
  const { code, out: text } = await run([...compare, '--searches', runs])
  expect(code).toBe(0)
  const { rows } = json(join(out, 'compare.json')) as { readonly rows: readonly Record<string, unknown>[] }
  expect(rows).toHaveLength(2)
  // Two warm-up epochs of 100 images, three times as dear as the 100 that each of two samples is evaluated on: 800 of 1,200.
  expect(rows[1]).toMatchObject({ strategy: 'random, one-shot', budget: 1, onImages: { searches: 2 } })
  expect(rows[1]!.cost).toBeCloseTo(800 / 1200, 12)
  const found = ['0', '1'].map(
    name => json(join(runs, name, 'genotype.json')) as { readonly normal: readonly string[] },
  )
  // The best cell has five convolutions, worth two points each.
  const regrets = found.map(({ normal }) => 0.02 * normal.filter(operation => operation !== 'conv_3x3').length)
  expect(rows[1]!.mean).toBeCloseTo((regrets[0]! + regrets[1]!) / 2, 12)
  expect(text).toMatch(/│ random, one-shot +│ +2 │/)

  const single = await run([...compare, '--searches', join(runs, '0'), '--json'])
  const [, alone] = JSON.parse(single.out) as readonly Record<string, unknown>[]
  expect(alone).toMatchObject({ onImages: { searches: 1 } })
  expect(alone!.difference).toBeUndefined()

  const refused = (...parts: readonly string[]) => expectRefusal([...compare, '--searches', runs], directory, parts)
  await expectRefusal([...compare, '--searches', out], directory, ['out', 'holds no search'])
  await proceed(['search', ...settings], join(runs, '2'), 'SIGKILL', event => event.includes('"warmup"'))
  await refused('2', 'is not finished', 'cpnas search --resume')
  rmSync(join(runs, '2'), { recursive: true })
  await search('3', '--operations', 'none,conv_3x3')
  await refused('3', 'chose among none, conv_3x3')
  rmSync(join(runs, '3'), { recursive: true })
  writeFileSync(path, printTable({ ...table, ...facts, digest: 'other' }))
  await refused('0', 'searched other images')
})

test('Ctrl-C stops a comparison, also in the midst of a strategy, and nothing is written', async () => {
  const directory = temporary()
  const table = join(directory, 'table.json')
  writeFileSync(table, printTable(simpleTable()))
  const out = join(directory, 'out')
  const begun = start(['compare', table, '--strategies', 'random', '--budgets', '1,900', '--out', out])
  begun.child.stderr!.once('data', () => begun.child.kill('SIGINT'))
  expect(await begun.finished).toMatchObject({ code: 130, err: expect.stringContaining('nothing was written') })
  expect(existsSync(out)).toBe(false)
})

test('strategies are compared over a table: regret, cost, significance, a plot', async () => {
  const directory = temporary()
  const table = join(directory, 'table.json')
  writeFileSync(table, printTable(simpleTable()))
  const out = join(directory, 'out')
  const args = ['compare', table, '--strategies', 'random,bayesian,cp-nas:0', '--budgets', '18,40', '--replays', '20']
  const { code, out: text } = await run([...args, '--out', out])
  expect(code).toBe(0)
  interface Row {
    readonly strategy: string
    readonly budget: number
    readonly cost: number
    readonly median: number
    readonly tau?: number
    readonly difference?: { readonly mean: number; readonly p: number }
  }
  const { rows } = json(join(out, 'compare.json')) as { readonly rows: readonly Row[] }
  const of = (strategy: string, budget: number): Row =>
    rows.find(row => row.strategy === strategy && row.budget === budget)!
  expect(rows).toHaveLength(6)
  expect(of('random', 18).difference).toBeUndefined()
  expect(of('random', 18).tau).toBeUndefined()
  // CP-NAS trains Child and Parent of nine samples a pass; two passes cost 36, and four do not fit 40.
  expect([of('random', 40), of('cp-nas:0', 18), of('cp-nas:0', 40)].map(({ cost }) => cost)).toEqual([40, 18, 36])
  expect(of('bayesian', 40).median).toBe(0)
  expect(of('bayesian', 40).tau).toBeGreaterThan(0.8)
  expect(of('bayesian', 40).difference!.mean).toBeLessThan(0)
  expect(of('bayesian', 40).difference!.p).toBeLessThan(0.01)
  expect(text).toMatch(/│ bayesian +│ +40 │ +40\.0 │ +0\.00 │/)
  expect(readFileSync(join(out, 'compare.svg'), 'utf8')).toMatch(/^<svg[\s\S]*>bayesian<[\s\S]*<\/svg>/)
  const again = await run([...args, '--out', join(directory, 'again'), '--json'])
  expect(JSON.parse(again.out)).toEqual(rows)

  const page = join(directory, 'page.html')
  expect(await run(['report', out, '--out', page])).toMatchObject({ code: 0 })
  expect(readFileSync(page, 'utf8')).toContain('strategies over')
  await expectRefusal(['report', out, '--tensorboard', join(directory, 'events')], directory, [
    'tensorboard: cannot show out: a comparison has no scalars',
  ])
  writeFileSync(join(directory, 'again', 'compare.json'), '{"rows":[]}')
  await expectRefusal(['report', join(directory, 'again'), '--out', page], directory, [
    'compare.json',
    '"table" is no text',
  ])

  const search = join(directory, 'search')
  const settings = [...smallSearch, '--samples', '4', '--warmup-epochs', '1', '--with-parent', 'always']
  expect(await run(['search', '--out', search, '--quiet', ...settings])).toMatchObject({ code: 0 })
  const ranked = await run(['table', 'rank', table, search])
  expect(ranked.out).toContain("4 architectures that the table has; Kendall's tau with its test accuracies")
  expect(ranked.out).toMatch(/│ z, beta_P 0\.5 +│ +-?[01]\.\d\d │/)
  await expectRefusal(['table', 'rank', table, out], directory, ['out', 'holds no'])

  await expectRefusal(['compare', table, '--strategies', 'grid'], directory, ['strategies', 'grid is no strategy'])
  await expectRefusal(['compare', table, '--strategies', 'random,darts'], directory, [
    'darts learns by gradient descent, and a table has no gradients',
  ])
  await expectRefusal(['compare', table, '--budgets', '17,40'], directory, [
    'budgets',
    '17 is less than the 18 trainings of cp-nas',
  ])
  await expectRefusal(['compare', table, '--strategies', 'random:1'], directory, ['strategies', 'random:1 will not do'])
  await expectRefusal(['compare', table, '--epochs', '4'], directory, [
    'epochs',
    "is 4, and the table's networks were trained for 3",
  ])
  await expectRefusal(['compare', join(directory, 'none.json')], directory, ['none.json', 'does not exist'])
  const cut = join(directory, 'cut.json')
  writeFileSync(cut, printTable(simpleTable()).slice(0, 5000))
  await expectRefusal(['compare', cut], directory, ['cut.json', 'is no whole table'])
})
