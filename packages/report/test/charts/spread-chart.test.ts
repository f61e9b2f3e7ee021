import { type ChartSeries, spreadChart } from '@cpnas/report'
import { expect, test } from 'vitest'

const occurrences = (text: string, part: string | RegExp): number => text.split(part).length - 1

const child: ChartSeries = {
  name: 'Child',
  points: [
    { x: 0, y: 80, range: [79, 81] },
    { x: 0.5, y: 82, range: [81, 85] },
    { x: 2, y: 81 },
  ],
}
const parent: ChartSeries = {
  name: 'Parent',
  points: child.points.map(({ x, y }) => ({ x, y: y + 10, range: [y + 8, y + 11] })),
}

const chart = { x: 'beta-p', y: 'accuracy, %', categories: ['0', '0.5', '2'] }

test('axes are named, every point is there, every range has a bar of three strokes', () => {
  const svg = spreadChart({ ...chart, series: [child] })
  expect(svg).toMatch(/^<svg /)
  expect(svg).toContain('>beta-p<')
  expect(svg).toContain('>accuracy, %<')
  expect(svg).not.toContain('>Child<')
  // A bar and its caps for two of three points.
  expect(occurrences(svg, /stroke-width="1.5"|stroke="#0072b2" stroke-width="1\.5"/)).toBe(6)
})

test('several series have a legend and colours of their own', () => {
  const svg = spreadChart({ ...chart, series: [child, parent] })
  expect(svg).toContain('>Child<')
  expect(svg).toContain('>Parent<')
  expect(svg).toContain('#0072b2')
  expect(svg).toContain('#d55e00')
})

test('words are categories in their order', () => {
  const series = [
    {
      name: 'Child',
      points: [
        { x: 'polynomial', y: 82 },
        { x: 'clipped-identity', y: 80 },
      ],
    },
  ]
  const svg = spreadChart({ ...chart, x: 'estimator', categories: ['clipped-identity', 'polynomial'], series })
  expect(svg.indexOf('>clipped-identity<')).toBeLessThan(svg.indexOf('>polynomial<'))
  expect(svg).toContain('>polynomial<')
})

test('names are text, whatever they hold', () => {
  const svg = spreadChart({ ...chart, series: [{ ...child, name: '<b>&' }, parent] })
  expect(svg).not.toContain('<b>')
  expect(svg).toContain('&lt;b&gt;&amp;')
})

test('a seventh series has the colour of the first, but other marks and lines, and the legend has room', () => {
  const named = (i: number): ChartSeries => ({ ...child, name: `strategy number ${i}` })
  const few = spreadChart({ ...chart, series: Array.from({ length: 6 }, (_, i) => named(i)) })
  const many = spreadChart({ ...chart, series: Array.from({ length: 7 }, (_, i) => named(i)) })
  expect(few).not.toContain('stroke-dasharray="4')
  expect(many).toContain('stroke-dasharray')
  // The end of the axis of y, below the legend: two rows of four names of 160 pixels.
  const top = (svg: string): number => Math.min(...[...svg.matchAll(/M70(?:\.5)? ([\d.]+)/g)].map(([, y]) => Number(y)))
  const short = spreadChart({ ...chart, series: [child, parent] })
  expect(top(many) - top(short)).toBe(44)
})

test('an axis of values above 0 does not begin below it', () => {
  const minutes = [0.8, 20, 45].map((x, i) => ({ x, y: 60 + 10 * i }))
  const svg = spreadChart({ ...chart, x: 'minutes', categories: [], series: [{ name: 'Child', points: minutes }] })
  expect(svg).toContain('>0<')
  expect(svg).not.toContain('>-10<')
})
