import { metrics } from '@cpnas/model'
import { renderReport } from '@cpnas/report'
import type { Run, SearchRun, TrainingRun } from '@cpnas/runs'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { attribute, type Element, type ParsedPage, parsePage, rowsIn, text, within } from './support/page.js'
import { drop, epoch, genotype, sample, saved, searchRun, start, trainingRun } from './support/runs.js'

const pageOf = async (...runs: readonly Run[]): Promise<ParsedPage> => parsePage(await renderReport(runs))

const headings = ({ elements }: ParsedPage): readonly string[] =>
  elements.filter(({ tagName }) => tagName === 'h2').map(text)

const figures = ({ elements }: ParsedPage): readonly Element[] => elements.filter(({ tagName }) => tagName === 'figure')

const pictures = (page: ParsedPage): readonly Element[] =>
  page.elements.filter(({ tagName, attrs }) => tagName === 'svg' && attrs.length > 0)

describe('a page of a search and of a training', () => {
  let page: ParsedPage
  beforeAll(async () => {
    page = await pageOf(searchRun(), trainingRun())
  })

  test('has all its sections', () => {
    expect(headings(page)).toEqual([
      'Result',
      'Runs',
      'Search',
      'Indicator',
      'Training',
      'Test set',
      'Cells',
      'Network',
      'Configuration',
      'Environment',
    ])
  })

  test('leaves a browser nothing to mend', () => {
    expect(page.errors).toEqual([])
  })

  test('asks for nothing, runs nothing', () => {
    const asked = page.elements.flatMap(element =>
      ['src', 'href', 'xlink:href', 'data', 'action', 'poster'].flatMap(name => attribute(element, name) ?? []),
    )
    expect(asked.filter(target => !target.startsWith('#'))).toEqual(['data:,'])
    const styles = page.elements.flatMap(element => [
      attribute(element, 'style') ?? '',
      ...(element.tagName === 'style' ? [text(element)] : []),
    ])
    expect(styles.join()).not.toMatch(/@import|@font-face|url\((?!#)/)
    expect(page.elements.filter(({ tagName }) => ['script', 'iframe', 'object', 'img'].includes(tagName))).toEqual([])
    expect(page.elements.flatMap(({ attrs }) => attrs.filter(({ name }) => name.startsWith('on')))).toEqual([])
    const policy = page.elements.find(element => attribute(element, 'http-equiv') === 'content-security-policy')!
    expect(attribute(policy, 'content')).toMatch(/^default-src 'none';/)
  })

  test('names every figure, describes every picture, and has its numbers', () => {
    const byId = new Map(page.elements.map(element => [attribute(element, 'id'), element]))
    for (const figure of figures(page)) {
      expect(text(byId.get(attribute(figure, 'aria-labelledby'))!)).not.toBe('')
      expect(within(figure, 'td').length).toBeGreaterThan(0)
    }
    expect(pictures(page).length).toBeGreaterThan(8)
    for (const picture of pictures(page)) {
      expect(attribute(picture, 'role')).toBe('img')
      expect(attribute(picture, 'aria-label')!.length).toBeGreaterThan(20)
      expect(attribute(picture, 'viewbox') ?? attribute(picture, 'viewBox')).toMatch(/^[\d. -]+$/)
    }
  })

  test('has no id twice, and a target for every link and clip', () => {
    const ids = page.elements.flatMap(element => attribute(element, 'id') ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const links = page.elements.flatMap(element => attribute(element, 'href') ?? []).filter(link => link !== 'data:,')
    const clips = page.elements.flatMap(element => attribute(element, 'clip-path') ?? [])
    expect(clips.length).toBeGreaterThan(5)
    const targets = [...links, ...clips].map(target => /^(?:#|url\(#)([^)]*)\)?$/.exec(target)![1])
    for (const target of targets) expect(ids).toContain(target)
  })

  test('tells of the search', () => {
    expect(rowsIn(page, 'search-accuracy')).toEqual([
      ['1', 'round 1, pass 1, sample 1', '21.00 %', '41.00 %'],
      ['2', 'round 1, pass 1, sample 2', '22.00 %', '42.00 %'],
      ['3', 'round 1, pass 1, sample 3', '23.00 %', '43.00 %'],
      ['4', 'round 2, pass 1, sample 1', '24.00 %', '44.00 %'],
    ])
    expect(rowsIn(page, 'search-training-loss')[0]).toEqual(['0', 'warm-up 1', '2.375', '1.875'])
    expect(rowsIn(page, 'indicator-1-normal')[0]).toEqual(['k−2 → 0', '0.750.45', '0.50.35', '0.250.2', 'sep_conv_3x3'])
  })

  test('marks what was dropped: a cross on every edge of both cells', () => {
    const crosses = pictures(page).flatMap(svg => within(svg, 'text').filter(element => text(element) === '×'))
    expect(crosses).toHaveLength(28)
  })

  test('tells of the training', () => {
    expect(rowsIn(page, 'training-accuracy')).toEqual([
      ['1', 'stage 1, epoch 1, kept', '31.00 %', '32.00 %'],
      ['2', 'stage 1, epoch 2, kept', '32.00 %', '33.00 %'],
    ])
    expect(rowsIn(page, 'training-filter').map(cells => cells.at(-1))).toEqual(['0.5', '0.25'])
    expect(figures(page).some(figure => attribute(figure, 'id') === 'training-distillation')).toBe(false)
    expect(rowsIn(page, 'confusion-2')).toEqual([
      ['cat', '1', '0', '0'],
      ['dog', '1', '1', '0'],
      ['frog', '0', '0', '1'],
    ])
    expect(rowsIn(page, 'classes-2')[1]).toEqual(['dog', '2', '1', '100.00 %', '50.00 %', '66.67 %'])
  })
})

test('what a run does not have yet is left out', async () => {
  const { evaluation: _, summary: __, ...begun } = trainingRun()
  const page = await pageOf(searchRun({ history: [] }), { ...begun, name: 'new', state: 'running', history: [] })
  expect(headings(page)).toEqual(['Runs', 'Cells', 'Configuration', 'Environment'])
  expect(rowsIn(page, 'overview').map(cells => cells.slice(0, 3))).toEqual([
    ['first', 'unfinished', '0 of 5 architectures'],
    ['new', 'Child', 'running'],
  ])
  expect(page.errors).toEqual([])
})

test('several runs share their plots; settings that differ are marked', async () => {
  const first = searchRun()
  const second = searchRun({ name: 'second', config: { ...first.config, betaP: 9.5 } })
  const page = await pageOf(first, second)
  const labels = within(page.elements.find(element => attribute(element, 'id') === 'search-accuracy')!, 'text').map(
    text,
  )
  for (const name of ['first, Child', 'first, Parent', 'second, Child', 'second, Parent'])
    expect(labels).toContain(name)
  const settings = rowsIn(page, 'configuration')
  const marked = settings
    .filter(([name]) => name!.includes('≠'))
    .map(([name, ...values]) => [name!.split(' ')[0], ...values.slice(0, 2)])
  expect(marked).toEqual([['betaP', String(first.config.betaP), '9.5']])
  expect(within(page.elements.find(element => attribute(element, 'id') === 'configuration')!, 'mark')).toHaveLength(2)
})

test('a curve that one of several runs has is named', async () => {
  const { filter: _, ...terms } = epoch(1, 0.5).terms
  const page = await pageOf(trainingRun(), trainingRun({ name: 'float', history: [{ ...epoch(1, 0.5), terms }] }))
  const labels = within(page.elements.find(element => attribute(element, 'id') === 'training-filter')!, 'text').map(
    text,
  )
  expect(labels).toContain('trained')
  expect(labels).not.toContain('float')
})

test('cells that several runs have are drawn once', async () => {
  const page = await pageOf(searchRun({ genotype }), trainingRun({ genotype }))
  const drawn = figures(page).filter(figure => attribute(figure, 'id')!.startsWith('cells-'))
  expect(drawn.map(figure => text(within(figure, 'figcaption')[0]!))).toEqual(['Cells of first, trained'])
})

test('many classes have their largest confusions listed instead of a matrix', async () => {
  const names = Array.from({ length: 31 }, (_, k) => `class ${k}`)
  // Three images of class 7 taken for 5, one of 8 for 9.
  const logits = (guess: number) => names.map((_, k) => (k === guess ? 1 : 0))
  const tested = metrics([5, 5, 5, 9].flatMap(logits), [7, 7, 7, 8], names)
  const page = await pageOf(trainingRun({ evaluation: { best: tested, last: tested } }))
  expect(rowsIn(page, 'confusion-1')).toEqual([
    ['class 7', 'class 5', '3', '100.00 %'],
    ['class 8', 'class 9', '1', '100.00 %'],
  ])
})

test('the environment is told apart: what runs recorded, what the page was made with', async () => {
  const journal = [start('12:00:00', 0), saved('12:00:10', 1), start('13:00:00', 1), saved('14:01:05', 6)]
  const runs = [searchRun({ journal }), trainingRun()]
  const page = parsePage(await renderReport(runs, { environment: [['Node.js', '<20>']] }))
  const machine = ['wasm, asked for', '1', 'Z80, 2 cores, 1.5 GiB, linux x64', 'cpnas 0.1.0, Node.js 20.19.0']
  expect(rowsIn(page, 'environment')).toEqual([
    ['first', '2026-05-01 12:00:00', '0:00:10', '1', ...machine],
    ['first', '2026-05-01 13:00:00', '1:01:05', '5', ...machine],
    ['trained', '–', '–', '–', 'tfjs-webgpu', '1', '–', '–'],
    ['Node.js', '<20>'],
  ])
  expect(rowsIn(page, 'overview').map(([name, ...cells]) => [name, cells.find(cell => / of /.test(cell))])).toEqual([
    ['first', '4 of 5 architectures in 1:01:15'],
    ['trained', '2 of 10 epochs'],
  ])
})

test('the workers of a queue are told apart, with what each did', async () => {
  const by = (host: string, seconds: number) => ({
    host,
    engine: 'wasm, asked for',
    rounding: '0123456789ab',
    threads: 1,
    seconds,
  })
  const journal = [
    start('12:00:00', 0),
    { ...saved('12:00:10', 1), by: by('left', 4) },
    { ...saved('12:00:20', 2), by: by('<right>', 6) },
    { ...saved('12:00:30', 3), by: by('left', 5) },
  ]
  const page = parsePage(await renderReport([searchRun({ journal })]))
  expect(rowsIn(page, 'environment').slice(1, 3)).toEqual([
    ['first', 'left', 'wasm, asked for', '0123456789ab', '1', '2', '4.5', '2026-05-01 12:00:30'],
    ['first', '<right>', 'wasm, asked for', '0123456789ab', '1', '1', '6.0', '2026-05-01 12:00:20'],
  ])
})

test('the workers of a running search are shown, with what each does', async () => {
  const worker = { host: 'left', pid: 7, threads: 1, finished: 2, failed: 1, seconds: 9 }
  const workers = [
    { ...worker, task: { label: 'sample <3>', fraction: 0.25 } },
    { ...worker, host: 'right', finished: 0, seconds: 0, task: null },
  ]
  const page = parsePage(await renderReport([searchRun({ workers })]))
  expect(rowsIn(page, 'environment').slice(1, 3)).toEqual([
    ['first', 'left, process 7', '1', 'sample <3>, 25 %', '2', '4.5', '1'],
    ['first', 'right, process 7', '1', 'nothing', '0', '–', '1'],
  ])
})

test('a served page has its script, and may ask its own server only', async () => {
  const { elements } = parsePage(await renderReport([searchRun()], { script: '/watch.js' }))
  expect(elements.filter(({ tagName }) => tagName === 'script').map(element => attribute(element, 'src'))).toEqual([
    '/watch.js',
  ])
  const policy = elements.find(element => attribute(element, 'http-equiv') !== undefined)!
  expect(attribute(policy, 'content')).toMatch(/script-src 'self'; connect-src 'self'$/)
})

test('the same runs give the same page', async () => {
  const render = () => renderReport([searchRun(), trainingRun()])
  expect(await render()).toBe(await render())
})

/** Names as bad as they come. */
const hostile = fc.oneof(
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    '&lt;b&gt;',
    '</style>',
    '{a|b}',
    ']]>',
    '<!--',
  ),
  fc.string({ minLength: 1, maxLength: 20 }).filter(value => /^[\x20-\x7e]+$/.test(value) && value.trim() === value),
)

test('text of a run is text on the page, whatever it is', () =>
  fc.assert(
    fc.asyncProperty(hostile, hostile, hostile, hostile, async (name, directory, className, backend) => {
      const names = [className, `${className}2`, 'frog']
      const tested = metrics([2, 0, 0, 1, 0, 0, 0, 0, 3], [0, 1, 2], names)
      const runs = [
        searchRun({ name, directory, dataset: className, backend }),
        trainingRun({ name: `${name}2`, teacher: directory, evaluation: { best: tested, last: tested } }),
      ]
      const page = await pageOf(...runs)
      expect(page.errors).toEqual([])
      expect(page.elements.some(({ tagName }) => tagName === 'script' || tagName === 'img')).toBe(false)
      expect(page.elements.flatMap(({ attrs }) => attrs.filter(({ name }) => name.startsWith('on')))).toEqual([])
      expect(rowsIn(page, 'overview')[0]![0]).toBe(name)
      expect(rowsIn(page, 'configuration')[0]![1]).toBe(directory)
      expect(rowsIn(page, 'classes-2')[0]![0]).toBe(className)
      expect(rowsIn(page, 'environment')[0]![4]).toBe(backend)
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { numRuns: 20, examples: ['__proto__', 'constructor'].map(word => [word, word, word, word] as const) },
  ))

const accuracy = fc.integer({ min: 0, max: 8000 }).map(n => n / 10000)

test('every entry of a history shows', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(accuracy, { maxLength: 12 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(accuracy, { maxLength: 12 }),
      async (accuracies, drops, validations) => {
        const history: SearchRun['history'] = [
          ...accuracies.map((accuracy, i) => sample(1, i + 1, accuracy)),
          ...Array.from({ length: drops }, (_, i) => drop(i + 1)),
        ]
        const epochs = validations.map((accuracy, i) => epoch(i + 1, accuracy))
        const page = await pageOf(searchRun({ history }), trainingRun({ history: epochs }))
        const ids = page.elements.map(element => attribute(element, 'id'))
        const percent = (value: number): string => `${(value * 100).toFixed(2)} %`
        const column = (id: string): readonly (string | undefined)[] =>
          ids.includes(id) ? rowsIn(page, id).map(cells => cells[2]) : []
        expect(column('search-accuracy')).toEqual(accuracies.map(percent))
        expect(column('training-accuracy')).toEqual(validations.map(percent))
        const rounds = ids.includes('indicator-1-normal') ? rowsIn(page, 'indicator-1-normal').length / 14 : 0
        expect(rounds).toBe(drops)
        expect(page.errors).toEqual([])
      },
    ),
    { numRuns: 15 },
  ))

describe('the result', () => {
  const results = async (...runs: readonly Run[]): Promise<string> => {
    const page = await pageOf(...runs)
    const found = page.elements.find(element => attribute(element, 'id') === 'result')
    return found === undefined ? '' : text(found).replace(/\s+/g, ' ')
  }
  /** Of 100 images of two classes so many right. */
  const tested = (right: number) => {
    const logits = Array.from({ length: 100 }, (_, i) => (i < right ? [1, 0] : [0, 1])).flat()
    const all = metrics(logits, new Array<number>(100).fill(0), ['cat', 'dog'])
    return { evaluation: { best: all, last: all }, classes: 2 }
  }
  const other = (operation: string): Pick<TrainingRun, 'genotype'> => ({
    genotype: { normal: genotype.normal.map(() => operation), reduce: genotype.reduce },
  })
  const child = trainingRun({ name: 'child', ...tested(80), packedBytes: 13_684 })
  const parent = trainingRun({ name: 'parent', ...tested(85), config: { ...child.config, precision: 'float' } })

  test('is the accuracy with its error, sqrt(0.8 * 0.2 / 100), and what is shipped', async () => {
    const told = await results(child)
    expect(told).toContain('The Child of child:80.00 % ± 4.00 %of 100 test images recognized; guessing: 50.00 %')
    expect(told).toContain('13.7 kBpacked, as it is shipped')
    expect(told).not.toContain(' ms')
    const timed = await renderReport([child], { milliseconds: { child: 0.187 } })
    expect(timed).toMatch(/<dd>0\.19 ms<\/dd><dt>an image, packed, on one thread/)
    expect(told).not.toContain('Parent, which')
  })

  test('compares with the Parent of the same cells, trained alike', async () => {
    expect(await results(child, parent)).toContain('−5.00 pointsto its Parent, which has 85.00 %')
    const longer = { ...parent, config: { ...parent.config, epochs: 99 } }
    expect(await results(child, longer)).not.toContain('to its Parent, which')
  })

  test('compares with two or more other cells: the error is that of their mean and of the accuracy', async () => {
    const [a, b] = [
      trainingRun({ name: 'a', ...tested(70), ...other('none') }),
      trainingRun({ name: 'b', ...tested(74), ...other('skip_connect') }),
    ]
    // The mean of 70 and 74 has the error 2, the 80 has 4: sqrt(4 + 16).
    expect(await results(a, child, b)).toContain(
      '+8.00 points ± 4.47to 2 other cells trained alike, which have 72.00 %',
    )
    expect(await results(child, a)).not.toContain('other cells trained alike')
  })

  test('of a search without a training says how to go on; of what is not finished there is none', async () => {
    expect(await results(searchRun({ name: 'found', genotype }))).toContain('cpnas train --genotype found')
    expect(await results(searchRun())).toBe('')
    const { evaluation: _, ...unfinished } = child
    expect(await results(unfinished)).toBe('')
  })
})

describe('a page of a comparison', () => {
  const row = { strategy: 'random', budget: 18, cost: 18, median: 0.01, quartiles: [0.005, 0.02], mean: 0.012 } as const
  const other = {
    ...row,
    strategy: '<b>ours</b>',
    mean: 0.004,
    tau: 0.75,
    difference: { mean: -0.008, error: 0.001, p: 0.0001 },
  }
  const searched = { ...row, strategy: 'darts, relaxed', onImages: { searches: 10, coreSeconds: 123.4 } }
  const comparison = {
    name: 'compared',
    table: 'table.json',
    operations: ['none', 'conv_3x3'],
    replays: 200,
    against: 'random',
    rows: [row, other, searched],
  }

  test('has a chart and a table, the best strategy first, and one of searches on images', async () => {
    const page = parsePage(await renderReport([], { comparisons: [comparison] }))
    expect(page.errors).toEqual([])
    expect(headings(page)).toEqual(['Comparison'])
    expect(figures(page)).toHaveLength(3)
    expect(pictures(page)).toHaveLength(1)
    const [onTable, onImages] = [1, 2].map(i => rowsIn(page, `comparison-1-table-${i}`))
    expect(onTable).toEqual([
      ['<b>ours</b>', '18', '18.0', '1.00', '0.50 to 2.00', '0.40', '0.75', '-0.80 ± 0.10', '< 0.001'],
      ['random', '18', '18.0', '1.00', '0.50 to 2.00', '1.20', '', '', ''],
    ])
    expect(onImages).toEqual([['darts, relaxed', '10', '123', '18.0', '1.00', '0.50 to 2.00', '1.20', '', '', '']])
  })

  test('has no section of it without one', async () => {
    expect(headings(await pageOf(searchRun()))).not.toContain('Comparison')
  })
})
