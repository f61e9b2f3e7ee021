import type { ImageSize } from '@cpnas/packed'
import { contextOf } from '../dom.js'
import { enlarge, type Pixels, reduce } from './pixels.js'

export type Tool = 'shape' | 'line' | 'eraser'

/** Pixels of the pad a side for one of the network's. */
const scale = 12

/** What clothes are drawn in; the background is black. */
const chalk = '#d4d4d4'

/** Of a line, in pixels of the network's. */
const thickness: Record<Tool, number> = { shape: 1, line: 2, eraser: 3 }

export const imageData = ({ data, width, height }: Pixels): ImageData =>
  new ImageData(new Uint8ClampedArray(data), width, height)

export interface Pad {
  readonly width: number
  readonly height: number
  readonly clear: () => void
  readonly show: (pixels: Pixels) => void
  /** Shows an image of the network's size. */
  readonly showBytes: (bytes: Uint8Array) => void
  /** What is on the pad, at the network's size. */
  readonly bytes: () => Uint8Array
}

/** A canvas to draw on with mouse, pen or finger: `onBegin` when a stroke begins, `onDraw` after every movement. */
export const createPad = (
  canvas: HTMLCanvasElement,
  image: ImageSize,
  tool: () => Tool,
  { onBegin, onDraw }: { readonly onBegin: () => void; readonly onDraw: () => void },
): Pad => {
  const [width, height] = [image.width * scale, image.height * scale]
  Object.assign(canvas, { width, height })
  const context = contextOf(canvas)
  const clear = (): void => {
    context.fillStyle = '#000'
    context.fillRect(0, 0, width, height)
  }
  const show = (pixels: Pixels): void => context.putImageData(imageData(pixels), 0, 0)

  /** The path so far on what was there before; a shape is closed and filled all the time. */
  const paint = (before: ImageData, path: Path2D): void => {
    context.putImageData(before, 0, 0)
    context.lineCap = context.lineJoin = 'round'
    context.lineWidth = thickness[tool()] * scale
    context.strokeStyle = context.fillStyle = tool() === 'eraser' ? '#000' : chalk
    context.stroke(path)
    if (tool() === 'shape') context.fill(path)
  }

  let stroke: { readonly pointer: number; readonly before: ImageData; readonly path: Path2D } | undefined
  const extend = (event: PointerEvent): void => {
    if (stroke?.pointer !== event.pointerId) return
    const bounds = canvas.getBoundingClientRect()
    for (const { clientX, clientY } of [...event.getCoalescedEvents(), event])
      stroke.path.lineTo(
        ((clientX - bounds.left) / bounds.width) * width,
        ((clientY - bounds.top) / bounds.height) * height,
      )
    paint(stroke.before, stroke.path)
    onDraw()
  }
  const end = (event: PointerEvent): void => {
    if (stroke?.pointer === event.pointerId) stroke = undefined
  }
  canvas.addEventListener('pointerdown', event => {
    if (event.button !== 0 || stroke) return
    canvas.setPointerCapture(event.pointerId)
    stroke = { pointer: event.pointerId, before: context.getImageData(0, 0, width, height), path: new Path2D() }
    onBegin()
    extend(event)
  })
  canvas.addEventListener('pointermove', extend)
  canvas.addEventListener('pointerup', end)
  canvas.addEventListener('pointercancel', end)

  clear()
  return {
    width,
    height,
    clear,
    show,
    showBytes: bytes => show(enlarge(bytes, image, scale)),
    bytes: () => reduce(context.getImageData(0, 0, width, height), image),
  }
}
