import { readdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import type { CpnasError } from '@cpnas/backends'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { badFile, codeOf, exists } from '../files.js'

/** Image files and their classes, in the order of classes and then of names. */
export interface ScannedImages {
  readonly directory: string
  readonly paths: readonly string[]
  readonly labels: Uint16Array
}

export interface ScannedFolder {
  /** Names of the folders in train/, in the order of their characters' codes, as in torchvision. */
  readonly classNames: readonly string[]
  readonly train: ScannedImages
  readonly test: ScannedImages
}

const extensions: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.png', '.webp'])
const trainFolder = 'train'
const testFolders = ['val', 'test'] as const
const largestClassCount = 65536

const isImage = (name: string): boolean => !name.startsWith('.') && extensions.has(extname(name).toLowerCase())

export const testFolderOf = (dir: string): string | undefined => testFolders.find(folder => exists(dir, folder))

/** Whether `dir` has the two folders; not whether what is in them can be used. */
export const hasImageFolders = (dir: string): boolean => exists(dir, trainFolder) && testFolderOf(dir) !== undefined

const layout = 'An image folder has train/CLASS/*.jpg and val/CLASS/*.jpg (also .jpeg, .png, .webp)'

class BadFolder extends Error {
  readonly error: CpnasError
  constructor(where: string, problem: string, remedy: string) {
    super(problem)
    this.error = badFile(where, problem, remedy)
  }
}

interface Listing {
  readonly folders: readonly string[]
  readonly images: readonly string[]
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Names in a directory, sorted; a link counts as what it leads to. */
const list = async (dir: string): Promise<Listing> => {
  const folders: string[] = []
  const images: string[] = []
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const isFolder =
      entry.isDirectory() ||
      (entry.isSymbolicLink() && !isImage(entry.name) && (await leadsToFolder(join(dir, entry.name))))
    if (isFolder) {
      if (!entry.name.startsWith('.')) folders.push(entry.name)
    } else if (isImage(entry.name)) images.push(entry.name)
  }
  return { folders: folders.sort(byCode), images: images.sort(byCode) }
}

const leadsToFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

const flat = (where: string, count: number): BadFolder =>
  new BadFolder(
    where,
    `${count} images lie in it side by side, so their classes are not known`,
    'Move each into a folder named as its class is in train/. For the validation set of ImageNet, whose archive is flat, the script valprep.sh of https://github.com/soumith/imagenetloader.torch does that',
  )

const listClasses = async (dir: string): Promise<readonly string[]> => {
  const { folders, images } = await list(dir)
  if (folders.length > 0) return folders
  throw images.length > 0 ? flat(dir, images.length) : new BadFolder(dir, 'holds no folders of images', layout)
}

const scanClasses = async (
  dir: string,
  folders: readonly string[],
  classNames: readonly string[],
): Promise<ScannedImages> => {
  const paths: string[] = []
  const labels: number[] = []
  for (const name of folders) {
    const folder = join(dir, name)
    const { images } = await list(folder)
    if (images.length === 0)
      throw new BadFolder(
        folder,
        'has no images (.jpg, .jpeg, .png, .webp)',
        'Put images of this class there, or remove the folder',
      )
    const label = classNames.indexOf(name)
    for (const image of images) {
      paths.push(join(folder, image))
      labels.push(label)
    }
  }
  return { directory: dir, paths, labels: Uint16Array.from(labels) }
}

const scan = async (dir: string): Promise<ScannedFolder> => {
  const root = resolve(dir)
  const testFolder = testFolderOf(root)
  if (!exists(root, trainFolder)) throw new BadFolder(dir, 'has no folder train', layout)
  if (testFolder === undefined) throw new BadFolder(dir, 'has no folder val (or test)', layout)
  const train = join(root, trainFolder)
  const test = join(root, testFolder)
  const classNames = await listClasses(train)
  if (classNames.length > largestClassCount)
    throw new BadFolder(train, `has ${classNames.length} classes, more than ${largestClassCount}`, 'Give fewer classes')
  const known = new Set(classNames)
  const tested = await listClasses(test)
  const unknown = tested.filter(name => !known.has(name))
  if (unknown.length > 0)
    throw new BadFolder(
      test,
      `has ${unknown.length === 1 ? 'a class' : `${unknown.length} classes`} that train/ has not: ${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ', ...' : ''}`,
      'Name its folders as those in train/',
    )
  return {
    classNames,
    train: await scanClasses(train, classNames, classNames),
    test: await scanClasses(test, tested, classNames),
  }
}

/** Lists train/CLASS/* and val/CLASS/* (or test/CLASS/*, where there is no val). Error InvalidData: a folder is missing, flat, empty or of no known class. */
export const scanImageFolder =
  (dir: string): TaskEither<CpnasError, ScannedFolder> =>
  async () => {
    try {
      return E.right(await scan(dir))
    } catch (error) {
      if (error instanceof BadFolder) return E.left(error.error)
      const path = error instanceof Error && 'path' in error ? String(error.path) : dir
      return E.left(
        badFile(path, `cannot be read (${codeOf(error)})`, 'Check the folder, its permissions and the disk it is on'),
      )
    }
  }
