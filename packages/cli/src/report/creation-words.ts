import { type CreationEvent, type CreationResult, creationFiles } from '@cpnas/experiments'
import type { SearchConfig } from '@cpnas/search'
import { counted, shellWord, thousands } from './amounts.js'
import { percent } from './format.js'
import type { Block } from './layout.js'
import type { EventWords } from './reporter.js'
import { searchWords } from './search-words.js'
import { trainingWords } from './training-words.js'

/** The words of the search, then those of the training, which is planned when the search is over. */
export const creationWords = (search: SearchConfig | undefined): EventWords<CreationEvent> => {
  const searching = search && searchWords(search)
  let training: ReturnType<typeof trainingWords> | undefined
  const say = (word: 'line' | 'position' | 'figures', event: CreationEvent): string | undefined => {
    if (event.type === 'planned') {
      training = trainingWords(event.training)
      const { channels, epochs, share } = event.training
      if (word !== 'line') return undefined
      const images = share < 1 ? ` of ${percent(share)} of the images` : ''
      return `${search === undefined ? 'training' : 'the search is over; training its cells'} with ${channels} channels for ${counted(epochs, 'epoch')}${images}`
    }
    return event.kind === 'search' ? searching?.[word](event.event) : training?.[word](event.event)
  }
  return {
    line: event => say('line', event),
    position: event => say('position', event),
    figures: event => say('figures', event),
    isKept: event =>
      event.type === 'planned' ||
      ((event.kind === 'search' ? searching?.isKept(event.event) : training?.isKept(event.event)) ?? false),
  }
}

/** For people, at the end of a creation. */
export const printCreation = (
  result: CreationResult,
  directory: string,
  searched: boolean,
  seconds: number,
): readonly Block[] => {
  const { accuracy, error, images, classes, size, bytes, milliseconds, confusions } = result
  const mistaken = confusions.map(({ of, takenFor, count, images }) => `${of} for ${takenFor} (${count} of ${images})`)
  const { packed, page, onnx, report, card } = creationFiles
  return [
    `Accuracy:  ${percent(accuracy)} ± ${percent(error)} of ${counted(images, 'test image')} (chance ${percent(1 / classes.length)})`,
    ...(mistaken.length === 0 ? [] : [`Mistaken:  most often ${mistaken.join(', ')}`]),
    `Network:   ${thousands(bytes)} bytes; ${milliseconds.toFixed(2)} ms an image of ${size}x${size} on one thread`,
    `Time:      ${(seconds / 60).toFixed(1)} min`,
    `Files in ${directory}: ${[page, packed, onnx, report, card].join(', ')}; ${searched ? 'search/ and training/ hold the runs' : 'training/ holds the run'}`,
    `Next: open ${directory}/${page} in a browser, or: cpnas predict ${shellWord(`${directory}/${packed}`)} PICTURE...`,
  ]
}
