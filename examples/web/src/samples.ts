import type { ImageSize } from '@cpnas/packed'
import samplesFile from '../model/samples.json'
import { fromBase64 } from './base64.js'
import { contextOf, create, find } from './dom.js'
import { imageData } from './image/pad.js'
import { enlarge } from './image/pixels.js'

export interface Sample {
  readonly label: string
  /** [height, width, channels] */
  readonly bytes: Uint8Array
}

export const samples: readonly Sample[] = samplesFile.map(({ label, bytes }) => ({ label, bytes: fromBase64(bytes) }))

const thumbnail = (bytes: Uint8Array, image: ImageSize): HTMLCanvasElement => {
  const pixels = enlarge(bytes, image, 2)
  const canvas = Object.assign(create('canvas', { 'aria-hidden': 'true' }), {
    width: pixels.width,
    height: pixels.height,
  })
  contextOf(canvas).putImageData(imageData(pixels), 0, 0)
  return canvas
}

/** A label may break after a slash. */
const breakable = (label: string): readonly (Node | string)[] =>
  label.split(/(?<=\/)/).flatMap((part, i) => (i === 0 ? [part] : [create('wbr'), part]))

/** Fills the group of radio buttons, one a sample, which the arrow keys go through. */
export const listSamples = (image: ImageSize, onPick: (sample: Sample) => void): void => {
  const group = find('samples', HTMLElement)
  for (const sample of samples) {
    const radio = create('input', { type: 'radio', name: 'sample' })
    // Arrow keys click, too; a button that is checked already would not change.
    radio.addEventListener('click', () => onPick(sample))
    group.append(
      create('label', {}, radio, thumbnail(sample.bytes, image), create('span', {}, ...breakable(sample.label))),
    )
  }
}

/** Chooses the sample at this position, or none. */
export const checkSample = (position: number | undefined): void => {
  find('samples', HTMLElement)
    .querySelectorAll('input')
    .forEach((radio, i) => {
      radio.checked = i === position
    })
}
