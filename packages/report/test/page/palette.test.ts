import { expect, test } from 'vitest'
import { light, palette, themed } from '../../src/page/palette.js'

/** WCAG 2: relative luminance, and the contrast of two colours. */
const luminance = (colour: string): number => {
  const [r, g, b] = [1, 3, 5]
    .map(i => Number.parseInt(colour.slice(i, i + 2), 16) / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}
const contrast = (a: string, b: string): number => {
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (bright! + 0.05) / (dark! + 0.05)
}

test.each([0, 1] as const)('text and lines stand out from their ground, theme %i', theme => {
  const colour = (name: keyof typeof palette): string => palette[name][theme]
  for (const ground of ['paper', 'panel'] as const) {
    for (const text of ['ink', 'muted'] as const) expect(contrast(colour(text), colour(ground))).toBeGreaterThan(4.5)
    for (const name of Object.keys(palette).filter(name => name.startsWith('series-')))
      expect(contrast(colour(name as keyof typeof palette), colour(ground))).toBeGreaterThan(3)
  }
})

test.each([0, 1] as const)('names of operations can be read on their colours, theme %i', theme => {
  const ink = ['#ffffff', '#10151d'][theme]!
  const operations = ['skip', 'max-pool', 'avg-pool', 'sep-3', 'sep-5', 'dil-3', 'dil-5'] as const
  for (const name of operations) expect(contrast(palette[name][theme], ink)).toBeGreaterThan(4.5)
})

test('every colour of a picture has one name', () => {
  const lights = Object.values(palette).map(([colour]) => colour)
  expect(new Set(lights).size).toBe(lights.length)
})

test('a picture takes its colours from the page', () => {
  const svg = `<path fill="${light('panel')}" stroke="#123456"/><text x="1" fill="#ffffff">a</text><rect fill="#ffffff"/>`
  expect(themed(svg)).toBe(
    '<path fill="var(--panel)" stroke="#123456"/><text x="1" fill="var(--operation-ink)">a</text><rect fill="var(--paper)"/>',
  )
})
