/** 1234567 to "1,234,567". */
export const thousands = (n: number): string => n.toLocaleString('en-US')

/** "1 epoch", "1,200 epochs". */
export const counted = (n: number, noun: string): string => `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`

/** A word of a command line as it is typed. */
export const shellWord = (text: string): string =>
  /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
