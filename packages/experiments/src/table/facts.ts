import { isDeepStrictEqual } from 'node:util'
import { tiny } from '@cpnas/supernet'
import type { TableFacts } from '@cpnas/table'
import { addedTrainingOptions } from '@cpnas/training'
import { trainingOfTable } from './config.js'
import type { TableRunConfig } from './kind.js'

/** What the trainings of a table's run have in common; without the processor, which does not matter to them. */
export const factsOf = ({
  dataset,
  images,
  facts: { training, validation, test },
  backend,
  table,
}: Pick<TableRunConfig, 'dataset' | 'images' | 'facts' | 'backend' | 'table'>): Omit<TableFacts, 'processor'> => {
  const { seed: _, precision: __, ...recipe } = trainingOfTable(table, 'binary', 0)
  return {
    space: tiny,
    dataset,
    digest: images?.digest ?? '',
    images: { training, validation, test },
    training: { ...recipe },
    engine: backend,
  }
}

/** What tells the trainings of two tables apart, but for engines, which differ by rounding; undefined if nothing does. */
export const differenceOfFacts = (
  one: Omit<TableFacts, 'processor'>,
  other: Omit<TableFacts, 'processor'>,
): string | undefined => {
  if (one.dataset !== other.dataset) return 'data set'
  if (one.digest !== other.digest) return 'images'
  const complete = ({ images, training }: typeof one) => ({ images, ...addedTrainingOptions, ...training })
  const [ours, theirs]: readonly Readonly<Record<string, unknown>>[] = [complete(one), complete(other)]
  return [...new Set([...Object.keys(ours!), ...Object.keys(theirs!)])].find(
    name => !isDeepStrictEqual(ours![name], theirs![name]),
  )
}
