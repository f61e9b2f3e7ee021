import { contextOf } from '../dom.js'
import { type Box, background, type Colour, contentBox, inverted, luminance, type Pixels } from './pixels.js'

/** Larger pictures are reduced to this many pixels a side first. */
const longest = 512

const decode = async (file: Blob): Promise<ImageBitmap> => {
  try {
    return await createImageBitmap(file)
  } catch {
    const name = file instanceof File ? file.name : 'what was pasted'
    throw new Error(`${name} is no image that this browser can read. Choose a PNG, JPEG or WebP file.`)
  }
}

const canvasOf = (width: number, height: number, ground: string): CanvasRenderingContext2D => {
  const context = contextOf(Object.assign(document.createElement('canvas'), { width, height }))
  context.fillStyle = ground
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = 'high'
  return context
}

/** A picture as it came, on white where it is transparent. */
export interface Picture {
  readonly canvas: HTMLCanvasElement
  readonly ground: Colour
  /** What is on the background. */
  readonly content: Box
  readonly hasLightGround: boolean
}

export const openPicture = async (file: Blob): Promise<Picture> => {
  const bitmap = await decode(file)
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height))
  const reduced = (side: number): number => Math.max(1, Math.round(side * scale))
  const [width, height] = [reduced(bitmap.width), reduced(bitmap.height)]
  const context = canvasOf(width, height, '#fff')
  context.drawImage(bitmap, 0, 0, width, height)
  bitmap.close()
  const pixels = context.getImageData(0, 0, width, height)
  const ground = background(pixels)
  return {
    canvas: context.canvas,
    ground,
    content: contentBox(pixels, ground),
    hasLightGround: luminance(ground) > 127.5,
  }
}

/** The largest square in the middle. */
const middle = ({ canvas: { width, height } }: Picture): Box => {
  const side = Math.min(width, height)
  return { x: (width - side) / 2, y: (height - side) / 2, width: side, height: side }
}

/**
 * The picture at a size. `trim`: what is on its background, whole and in the middle, as Fashion-MNIST's images were made;
 * else the square in its middle.
 */
export const fit = (
  picture: Picture,
  { width, height }: { readonly width: number; readonly height: number },
  { trim, invert }: { readonly trim: boolean; readonly invert: boolean },
): Pixels => {
  const box = trim ? picture.content : middle(picture)
  const context = canvasOf(width, height, `rgb(${picture.ground.join(' ')})`)
  const scale = Math.min(width / box.width, height / box.height)
  const [w, h] = [box.width * scale, box.height * scale]
  context.drawImage(picture.canvas, box.x, box.y, box.width, box.height, (width - w) / 2, (height - h) / 2, w, h)
  const pixels = context.getImageData(0, 0, width, height)
  return invert ? inverted(pixels) : pixels
}
