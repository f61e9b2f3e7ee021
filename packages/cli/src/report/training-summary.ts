import type { TrainingSummary } from '@cpnas/experiments'
import { trainingFiles } from '@cpnas/runs'
import { counted, shellWord } from './amounts.js'
import { duration, percent } from './format.js'
import type { Block } from './layout.js'
import { sizeLine } from './summary.js'

/** For people, at the end of a training. */
export const printTrainingSummary = (
  { kind, best, last, chance, size, bytes, epochs, seconds }: TrainingSummary,
  directory: string,
): readonly Block[] => [
  `Test accuracy: best network (epoch ${best.epoch}) ${percent(best.accuracy)}, last one ${percent(last.accuracy)} (chance ${percent(chance)})`,
  `${sizeLine(kind === 'child' ? 'Child' : 'Parent', size)}; a model file has ${bytes.toLocaleString('en-US')} bytes`,
  `${counted(epochs, 'epoch')}, ${duration(seconds)}`,
  `Files in ${directory}: ${Object.values(trainingFiles).join(', ')}`,
  `Next: cpnas export ${shellWord(directory)}, or: cpnas report ${shellWord(directory)}`,
]
