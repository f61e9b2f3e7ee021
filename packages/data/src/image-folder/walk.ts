import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { LeftOutCounter } from './left-out.js'

/** Endings of what sharp reads, in any case. */
const readable: ReadonlySet<string> = new Set('.jpg .jpeg .jpe .jfif .png .webp .gif .tif .tiff .avif'.split(' '))
/** Endings of pictures that it does not. */
const unreadable: ReadonlySet<string> = new Set(
  '.bmp .dib .heic .heif .jp2 .jxl .ico .psd .tga .svg .pbm .pgm .ppm .pnm .raw .dng .cr2 .nef .arw'.split(' '),
)

/** In words, for messages. */
export const readableEndings = [...readable].join(' ')

const endingOf = (name: string): string => extname(name).toLowerCase()
const isHidden = (name: string): boolean => name.startsWith('.') || /^(thumbs\.db|desktop\.ini)$/i.test(name)

export const isPicture = (name: string): boolean => !isHidden(name) && readable.has(endingOf(name))

/** Why a file is not one of the pictures. */
const reasonFor = (name: string): string => {
  const ending = endingOf(name)
  if (unreadable.has(ending)) return `${ending} files, a format that cannot be read (convert them to PNG or JPEG)`
  return ending === '' ? 'files without an ending' : `${ending} files, which are not pictures`
}

type Kind = 'file' | 'folder' | 'broken' | 'special'

const kindOf = async (dir: string, entry: Dirent): Promise<Kind> => {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  if (!entry.isSymbolicLink()) return 'special'
  try {
    const target = await stat(join(dir, entry.name))
    return target.isDirectory() ? 'folder' : target.isFile() ? 'file' : 'special'
  } catch {
    return 'broken'
  }
}

export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What lies in a directory, in the order of the names' character codes; links count as what they lead to. */
export interface Listing {
  readonly folders: readonly string[]
  readonly pictures: readonly string[]
  readonly leftOut: readonly { readonly what: string; readonly name: string }[]
}

export const list = async (dir: string): Promise<Listing> => {
  const folders: string[] = []
  const pictures: string[] = []
  const leftOut: { what: string; name: string }[] = []
  for (const entry of (await readdir(dir, { withFileTypes: true })).sort((a, b) => byCode(a.name, b.name))) {
    const { name } = entry
    const kind = await kindOf(dir, entry)
    if (isHidden(name)) leftOut.push({ what: 'hidden files and folders', name })
    else if (kind === 'folder') folders.push(name)
    else if (kind === 'broken') leftOut.push({ what: 'links that lead nowhere', name })
    else if (kind === 'special') leftOut.push({ what: 'special files (pipes, sockets, devices)', name })
    else if (readable.has(endingOf(name))) pictures.push(name)
    else leftOut.push({ what: reasonFor(name), name })
  }
  return { folders, pictures, leftOut }
}

/** Every picture in a directory and the directories below it, by path; those of a directory come before those below. */
export const walk = async (dir: string, leftOut: LeftOutCounter): Promise<readonly string[]> => {
  const seen = new Set<string>()
  const below = async (at: string): Promise<readonly string[]> => {
    // A link to a parent directory would loop forever.
    const real = await realpath(at)
    if (seen.has(real)) return []
    seen.add(real)
    const { folders, pictures, leftOut: left } = await list(at)
    for (const { what, name } of left) leftOut.add(what, join(at, name))
    const paths = pictures.map(name => join(at, name))
    for (const folder of folders) paths.push(...(await below(join(at, folder))))
    return paths
  }
  return below(dir)
}

/** Whether there is a picture in a directory or below it. */
export const hasPictures = async (dir: string, above: readonly string[] = []): Promise<boolean> => {
  const real = await realpath(dir)
  if (above.includes(real)) return false
  const { folders, pictures } = await list(dir)
  if (pictures.length > 0) return true
  for (const folder of folders) if (await hasPictures(join(dir, folder), [...above, real])) return true
  return false
}
