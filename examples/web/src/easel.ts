import type { ImageSize } from '@cpnas/packed'
import { find, setText } from './dom.js'
import { createPad, type Tool } from './image/pad.js'
import { fit, openPicture, type Picture } from './image/picture.js'
import { watchFiles } from './incoming.js'
import { checkSample, listSamples, type Sample, samples } from './samples.js'

/** An image of the network's size, [height, width, channels], and what it is. */
export type OnImage = (bytes: Uint8Array, words: string) => void

const tool = (): Tool => document.querySelector<HTMLInputElement>('[name=tool]:checked')!.value as Tool

/** Everything that an image comes from: the samples, the pad, files chosen, dropped and pasted. Begins with the first sample. */
export const createEasel = (image: ImageSize, onImage: OnImage): void => {
  const canvas = find('pad', HTMLCanvasElement)
  const invert = find('invert', HTMLInputElement)
  let picture: Picture | undefined

  const give: OnImage = (bytes, words) => {
    canvas.setAttribute('aria-label', `Drawing pad: ${words}`)
    onImage(bytes, words)
  }
  const setPicture = (next: Picture | undefined): void => {
    picture = next
    find('invert-field', HTMLElement).hidden = next === undefined || image.channels > 1
    setText('error', '')
  }
  const giveDrawing = (): void => give(pad.bytes(), 'your drawing')
  const beginDrawing = (): void => {
    checkSample(undefined)
    setPicture(undefined)
  }
  const pad = createPad(canvas, image, tool, { onBegin: beginDrawing, onDraw: giveDrawing })

  const showSample = ({ bytes, label }: Sample): void => {
    setPicture(undefined)
    pad.showBytes(bytes)
    give(bytes, `a test image, ${label}`)
  }
  const showPicture = (): void => {
    if (!picture) return
    pad.show(fit(picture, pad, { trim: image.channels === 1, invert: invert.checked }))
    give(pad.bytes(), 'your picture')
  }
  const take = async (file: Blob): Promise<void> => {
    try {
      setPicture(await openPicture(file))
    } catch (error) {
      setText('error', (error as Error).message)
      return
    }
    checkSample(undefined)
    invert.checked = image.channels === 1 && picture!.hasLightGround
    showPicture()
  }

  invert.addEventListener('change', showPicture)
  find('clear', HTMLButtonElement).addEventListener('click', () => {
    pad.clear()
    beginDrawing()
    give(pad.bytes(), 'empty')
  })
  watchFiles(find('file', HTMLInputElement), find('easel', HTMLElement), take)
  listSamples(image, showSample)
  checkSample(0)
  showSample(samples[0]!)
}
