import Table from 'cli-table3'

/** 1234567 to "1,234,567". */
export const thousands = (n: number): string => n.toLocaleString('en-US')

/** "1 epoch", "1,200 epochs". */
export const counted = (n: number, noun: string): string => `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`

/** A table whose first `words` columns are words and the others numbers, which line up on the right. */
export const numberTable = (head: readonly string[], rows: readonly (readonly string[])[], words: number): string => {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i < words ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
  for (const row of rows) table.push([...row])
  return table.toString()
}
