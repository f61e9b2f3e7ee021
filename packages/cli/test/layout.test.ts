import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, type Grid, grid, layOut } from '../src/report/layout.js'

const table = grid(
  ['class', 'images', 'recall'],
  [
    ['cat', '1,000', '12.5 %'],
    ['ship', '20', '-'],
  ],
  1,
)

describe('layOut', () => {
  test('draws a table, numbers on the right', () => {
    expect(layOut(['Two classes', table], { columns: 40 })).toBe(`Two classes
┌───────┬────────┬────────┐
│ class │ images │ recall │
├───────┼────────┼────────┤
│ cat   │  1,000 │ 12.5 % │
│ ship  │     20 │      - │
└───────┴────────┴────────┘
`)
  })

  test('stacks the rows of a table that does not fit', () => {
    expect(layOut([table], { columns: 20 })).toBe(
      'cat\n  images: 1,000\n  recall: 12.5 %\nship\n  images: 20\n  recall: -\n',
    )
  })

  test('breaks the last cells of a table of words', () => {
    const words: Grid = grid(['option', 'source'], [['--seed', 'not stated in the source; ours: any number']])
    expect(layOut([words], { columns: 34 })).toBe(`┌────────┬───────────────────────┐
│ option │ source                │
├────────┼───────────────────────┤
│ --seed │ not stated in the     │
│        │ source; ours: any     │
│        │ number                │
└────────┴───────────────────────┘
`)
  })

  test('breaks long lines between words, and indents what follows', () => {
    expect(layOut(['  adapter: vendor mesa, architecture software'], { columns: 24 })).toBe(
      '  adapter: vendor\n    mesa, architecture\n    software\n',
    )
  })

  test('no line is longer than the terminal, and no word of a table is lost', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 200 }),
        fc.array(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 3, maxLength: 3 }), { minLength: 1 }),
        fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
        (columns, rows, line) => {
          const blocks: readonly Block[] = [
            line,
            grid(['one', 'two', 'three'], rows, 1),
            grid(['one', 'two', 'three'], rows),
          ]
          const text = layOut(blocks, { columns })
          for (const one of text.split('\n')) expect(one.length).toBeLessThanOrEqual(columns)
          for (const word of rows.flat()) expect(text).toContain(word)
        },
      ),
    ))
})
