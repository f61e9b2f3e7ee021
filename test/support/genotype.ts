import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Genotype, printGenotype } from '@cpnas/supernet'

const cell = (...operations: readonly string[]): readonly string[] =>
  Array.from({ length: 14 }, (_, edge) => operations[edge % operations.length]!)

/** Cells with an operation of every kind that a search of `small` can find. */
export const genotype: Genotype = {
  normal: cell('sep_conv_3x3', 'skip_connect', 'none'),
  reduce: cell('skip_connect', 'sep_conv_3x3', 'none'),
}

/** Writes it into a directory; gives the file. */
export const writeGenotype = (directory: string): string => {
  const file = join(directory, 'genotype.json')
  writeFileSync(file, printGenotype(genotype))
  return file
}
