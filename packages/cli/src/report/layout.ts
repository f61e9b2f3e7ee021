import Table from 'cli-table3'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

/** A table as data. */
export interface Grid {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** How many of the first columns are words; the others are numbers, which line up on the right. */
  readonly words: number
  /** The most columns of text in the last cell of a row, where that is words. Default: as many as it has. */
  readonly widest?: number
}

/** Lines of text, or a table. */
export type Block = string | Grid

/** A table whose first `words` columns are words and the others numbers. */
export const grid = (head: readonly string[], rows: Grid['rows'], words = head.length): Grid => ({ head, rows, words })

/** With fewer columns the last cells cannot be read any more. */
const narrowest = 20

const drawn = ({ head, rows, words }: Grid, last?: number): string => {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i < words ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
    ...(last === undefined ? {} : { colWidths: [...head.slice(1).map(() => null), last], wordWrap: true }),
  })
  for (const row of rows) table.push([...row])
  return table.toString()
}

const widthOf = (text: string): number => Math.max(...text.split('\n').map(line => stringWidth(line)))

/** Every line at most so wide; what follows from a line is indented two columns further. */
export const wrapped = (text: string, columns: number): string =>
  text
    .split('\n')
    .map(line => {
      if (stringWidth(line) <= columns) return line
      const indent = /^ */.exec(line)![0]
      const [first, ...others] = wrapAnsi(line.trimStart(), columns - indent.length - 2, { hard: true }).split('\n')
      return [`${indent}${first}`, ...others.map(rest => `${indent}  ${rest}`)].join('\n')
    })
    .join('\n')

/** A row after the other, a line for every cell: for terminals that are too narrow for the table. */
const stacked = ({ head, rows }: Grid, columns: number): string =>
  rows
    .flatMap(([title, ...cells]) => [
      title!,
      ...cells.flatMap((cell, i) => (cell === '' ? [] : [`  ${head[i + 1]}: ${cell}`])),
    ])
    .map(line => wrapped(line, columns))
    .join('\n')

const fitted = (table: Grid, columns: number): string => {
  const { head, rows, words, widest = Number.POSITIVE_INFINITY } = table
  const longest = Math.max(...[head, ...rows].map(row => stringWidth(row.at(-1)!)))
  // A cell has a space on both sides.
  const whole = drawn(table, words === head.length && longest > widest ? widest + 2 : undefined)
  if (widthOf(whole) <= columns) return whole
  const room = columns - (widthOf(drawn(table)) - longest)
  return words === head.length && room >= narrowest ? drawn(table, room + 2) : stacked(table, columns)
}

/** Blocks as text, each ending a line; on a terminal of so many columns none is longer. Default: any number of columns. */
export const layOut = (
  blocks: readonly Block[],
  { columns = Number.POSITIVE_INFINITY }: { readonly columns?: number | undefined } = {},
): string =>
  blocks.map(block => `${typeof block === 'string' ? wrapped(block, columns) : fitted(block, columns)}\n`).join('')
