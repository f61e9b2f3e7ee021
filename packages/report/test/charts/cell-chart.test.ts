import { expect, test } from 'vitest'
import { cellChart } from '../../src/charts/cell-chart.js'

const chart = {
  columns: ['a', 'b'],
  rows: ['x', 'y'],
  cell: { width: 20, height: 10 },
  left: 30,
  bottom: 40,
}

test('cells lie in their column and row, coloured by sign, as strongly as they are', () => {
  const svg = cellChart({
    ...chart,
    cells: [
      { column: 0, row: 0, strength: 1 },
      { column: 1, row: 1, strength: -0.5, text: '×', framed: true },
    ],
  })
  const cells = [
    ...svg.matchAll(/<path d="M([\d.]+) ([\d.]+)l18 0l0 8l-18 0Z" fill="(#\w+)"(?: fill-opacity="([\d.]+)")?/g),
  ]
  expect(cells.map(([, x, y, fill, opacity = '1']) => [x, y, fill, opacity])).toEqual([
    // The first cell begins at 30, 4 and leaves a pixel free on each side.
    ['31', '5', '#0072b2', '1'],
    // 0.06 + 0.94 / 2.
    ['51', '15', '#d55e00', '0.53'],
  ])
  expect(svg).toContain('>×<')
  for (const name of ['a', 'b', 'x', 'y']) expect(svg).toContain(`>${name}<`)
})

test('names are text, whatever they hold', () => {
  const svg = cellChart({ ...chart, columns: ['<b>&', '{a|b}'], cells: [] })
  expect(svg).toContain('&lt;b&gt;&amp;')
  expect(svg).toContain('>{a|b}<')
})
