import { nodeModule } from './node.js'
import type { Picture } from './picture.js'

/** A file that was chosen or fetched: `Blob`, `File`, `Response`. */
export interface Bytes {
  /** All of them. */
  arrayBuffer(): Promise<ArrayBuffer>
}

/** What a canvas draws: an image, a canvas, a bitmap, a video or a frame of one. */
export interface Drawable {
  /** Pixels. */
  readonly width: number
  readonly height: number
}

/** A pipeline of the package sharp. */
export interface Pipeline {
  /** With transparency. */
  ensureAlpha(): Pipeline
  /** Turned as its EXIF orientation says. */
  autoOrient(): Pipeline
  /** In that space of colours. */
  toColourspace(space: string): Pipeline
  /** As pixels, not as a file. */
  raw(): Pipeline
  /** The pixels and their extent. */
  toBuffer(options: { readonly resolveWithObject: true }): Promise<{
    readonly data: Uint8Array
    readonly info: { readonly width: number; readonly height: number }
  }>
}

/**
 * A picture in any form: pixels (`ImageData`); an encoded file (JPEG, PNG, ...) as bytes, as a `Blob`, or by its path or URL; in pages also an
 * image, a canvas, an `ImageBitmap`, a video or a `VideoFrame`; in Node also a pipeline of sharp.
 */
export type PictureSource = Picture | Uint8Array | ArrayBuffer | Bytes | Drawable | Pipeline | string | URL

/** The parts of a browser that are used here. */
interface Page {
  readonly createImageBitmap?: (source: unknown) => Promise<Drawable & { close(): void }>
  readonly OffscreenCanvas?: new (
    width: number,
    height: number,
  ) => {
    getContext(kind: '2d'): {
      drawImage(source: unknown, x: number, y: number): void
      getImageData(x: number, y: number, width: number, height: number): Picture
    }
  }
  readonly Blob: new (parts: readonly unknown[]) => Bytes
}

const page = globalThis as unknown as Page

const has = (source: object, name: string): boolean => typeof (source as Record<string, unknown>)[name] === 'function'

/** Pixels that a canvas has of what it draws, at its own size. */
const drawn = (source: Drawable): Picture => {
  const { naturalWidth, videoWidth, displayWidth, width } = source as unknown as Record<string, number>
  const { naturalHeight, videoHeight, displayHeight, height } = source as unknown as Record<string, number>
  const [w, h] = [
    naturalWidth ?? videoWidth ?? displayWidth ?? width!,
    naturalHeight ?? videoHeight ?? displayHeight ?? height!,
  ]
  if (!(w > 0 && h > 0)) throw new TypeError('predict: the picture has no pixels yet; wait until it is loaded')
  if (page.OffscreenCanvas === undefined)
    throw new TypeError('predict: this browser has no OffscreenCanvas; give pixels (ImageData)')
  const context = new page.OffscreenCanvas(w, h).getContext('2d')
  context.drawImage(source, 0, 0)
  return context.getImageData(0, 0, w, h)
}

const ofPipeline = async (picture: Pipeline): Promise<Picture> => {
  const upright = picture.autoOrient().toColourspace('srgb').ensureAlpha()
  const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

/** Of a package that pages do not have: bundlers must not look for it. */
const importHidden = (name: string): Promise<unknown> => import(/* @vite-ignore */ name)

const decodedInNode = async (file: Uint8Array): Promise<Picture> => {
  const module = (await importHidden('sharp').catch(() => undefined)) as
    | { readonly default: (file: Uint8Array) => Pipeline }
    | undefined
  if (module === undefined)
    throw new TypeError(
      'predict: files are decoded by the package sharp, which is not installed. Install it (npm install sharp), or give pixels',
    )
  return ofPipeline(module.default(file))
}

const decoded = async (file: Uint8Array | ArrayBuffer): Promise<Picture> => {
  if (page.createImageBitmap === undefined) return decodedInNode(new Uint8Array(file))
  const bitmap = await page.createImageBitmap(new page.Blob([file]))
  try {
    return drawn(bitmap)
  } finally {
    bitmap.close()
  }
}

/** The bytes of a file: in Node of a path or an address, in pages of an address. Rejects if it cannot be read. */
export const bytesAt = async (place: string | URL): Promise<Uint8Array> => {
  const files = nodeModule<{ readFile(path: string | URL): Promise<Uint8Array> }>('fs/promises')
  if (files !== undefined && !/^https?:/.test(String(place)))
    return files.readFile(/^file:/.test(String(place)) ? new URL(place) : place)
  const answer = await fetch(place)
  if (!answer.ok) throw new Error(`${String(place)} cannot be fetched (${answer.status})`)
  return new Uint8Array(await answer.arrayBuffer())
}

/** The pixels of a picture in any form. TypeError for what is none; rejects if it cannot be read or decoded. */
export const pixelsOf = async (source: PictureSource): Promise<Picture> => {
  if (typeof source === 'string' || source instanceof URL) return decoded(await bytesAt(source))
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return decoded(source)
  if ('data' in source && 'width' in source) return source
  if (has(source, 'toBuffer') && has(source, 'raw')) return ofPipeline(source as Pipeline)
  if (has(source, 'arrayBuffer')) return decoded(await (source as Bytes).arrayBuffer())
  if (page.createImageBitmap !== undefined) return drawn(source as Drawable)
  throw new TypeError('predict: this is no picture: give pixels (ImageData), the bytes of a file, a Blob, or a path')
}
