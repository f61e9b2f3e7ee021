import { expect, test } from 'vitest'
import { lineChart } from '../../src/charts/line-chart.js'

const line = { name: 'Child', colour: 0, points: [1, 2, 3].map(x => [x, x / 10] as const) }
const occurrences = (text: string, part: string | RegExp): number => text.split(part).length - 1

/** Points of the line of this colour. */
const corners = (svg: string, colour: string): number => {
  const [, path] = new RegExp(
    `<path d="(M[^"]*)" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin`,
  ).exec(svg)!
  return path!.match(/[\d.]+/g)!.length / 2
}

test('a line has its colour, its points, and the axes their titles', () => {
  const svg = lineChart({ x: 'epoch', y: 'loss', lines: [line] })
  expect(svg).toContain('>epoch<')
  expect(svg).toContain('>loss<')
  expect(svg).not.toContain('>Child<')
  expect(corners(svg, '#0072b2')).toBe(3)
  // A dot for every point, which is a path of its own.
  expect(occurrences(svg, 'fill="#0072b2"')).toBe(3)
})

test('several lines have a legend; dashes tell the second apart without its colour', () => {
  const svg = lineChart({ x: 'epoch', y: 'loss', lines: [line, { ...line, name: 'Parent', colour: 1, dashed: true }] })
  expect(svg).toContain('>Child<')
  expect(svg).toContain('>Parent<')
  expect(svg).toMatch(/stroke="#d55e00"[^>]*stroke-dasharray/)
  expect(svg).not.toMatch(/stroke="#0072b2"[^>]*stroke-dasharray/)
})

test('shares are written in percent, marks and the level by name', () => {
  const svg = lineChart({
    x: 'epoch',
    y: 'accuracy',
    lines: [line],
    percent: true,
    marks: [{ x: 2, name: 'stage 2' }],
    level: { y: 0.1, name: 'chance' },
  })
  for (const words of ['30 %', 'stage 2', 'chance']) expect(svg).toContain(`>${words}<`)
})

test('one point alone is a dot', () => {
  const svg = lineChart({ x: 'epoch', y: 'loss', lines: [{ ...line, points: [[1, 0.5]] }] })
  expect(occurrences(svg, 'fill="#0072b2"')).toBe(1)
})

test('the same numbers give the same picture', () => {
  const draw = () => lineChart({ x: 'epoch', y: 'loss', lines: [line] })
  expect(draw()).toBe(draw())
})
