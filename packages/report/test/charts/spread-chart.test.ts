import { type ChartSeries, spreadChart } from '@cpnas/report'
import { expect, test } from 'vitest'

const occurrences = (text: string, part: string | RegExp): number => text.split(part).length - 1

const child: ChartSeries = {
  name: 'Child',
  points: [
    { x: 0, mean: 80, deviation: 1 },
    { x: 0.5, mean: 82, deviation: 2 },
    { x: 2, mean: 81, deviation: 0 },
  ],
}
const parent: ChartSeries = { name: 'Parent', points: child.points.map(point => ({ ...point, mean: point.mean + 10 })) }

const chart = { x: 'beta-p', y: 'accuracy, %', categories: ['0', '0.5', '2'] }

test('axes are named, every point is there, every deviation has a bar of three strokes', () => {
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
        { x: 'polynomial', mean: 82, deviation: 1 },
        { x: 'clipped-identity', mean: 80, deviation: 1 },
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
