import { join, relative, resolve } from 'node:path'
import type { CpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { badFile, codeOf } from '../files.js'
import { divide } from './divide.js'
import { LeftOutCounter } from './left-out.js'
import { BadFolder, type ScannedFolder, type ScannedImages } from './scanned.js'
import { byCode, hasPictures, type Listing, list, readableEndings, walk } from './walk.js'

/** What folders of training and test images are called, in any case; the first that is there. */
const trainFolders = ['train', 'training'] as const
const testFolders = ['val', 'valid', 'validation', 'test', 'testing'] as const
const largestClassCount = 65536

const layouts = `Lay the pictures out as train/CLASS/* and val/CLASS/*, or as CLASS/* (${readableEndings})`

interface Halves {
  readonly train: string | undefined
  readonly test: string | undefined
}

const find = (dir: string, folders: readonly string[], wanted: readonly string[]): string | undefined => {
  for (const name of wanted) {
    const [found, other] = folders.filter(folder => folder.toLowerCase() === name)
    if (other !== undefined)
      throw new BadFolder(dir, `has the folders ${found} and ${other}`, 'Rename the one that is not meant')
    if (found !== undefined) return found
  }
  return undefined
}

const halvesOf = (dir: string, { folders }: Listing): Halves => ({
  train: find(dir, folders, trainFolders),
  test: find(dir, folders, testFolders),
})

const flat = (where: string, count: number): BadFolder =>
  new BadFolder(
    where,
    `${count} images lie in it side by side, so their classes are not known`,
    'Move each into a folder named as its class. For the validation set of ImageNet, whose archive is flat, the script valprep.sh of https://github.com/soumith/imagenetloader.torch does that',
  )

const integer = /^\d+$/

/** Numbers by their values, if all are; else by the codes of their characters, as in torchvision. */
const byClass = (names: readonly string[]): readonly string[] =>
  names.every(name => integer.test(name))
    ? names.toSorted((a, b) => Number(a) - Number(b) || byCode(a, b))
    : names.toSorted(byCode)

interface ClassFolder {
  /** In NFC. */
  readonly name: string
  readonly folder: string
}

const classFolders = (dir: string, folders: readonly string[]): readonly ClassFolder[] => {
  const named = new Map<string, string>()
  for (const folder of folders) {
    const name = folder.normalize('NFC')
    if (named.has(name))
      throw new BadFolder(
        dir,
        `has two folders ${name}, whose names differ only in how their letters are encoded`,
        'Merge them',
      )
    named.set(name, folder)
  }
  return byClass([...named.keys()]).map(name => ({ name, folder: named.get(name)! }))
}

/** The folders of the classes in a half; what lies beside them is left out. */
const classesIn = async (dir: string, leftOut: LeftOutCounter): Promise<readonly ClassFolder[]> => {
  const { folders, pictures, leftOut: left } = await list(dir)
  if (folders.length === 0)
    throw pictures.length > 0 ? flat(dir, pictures.length) : new BadFolder(dir, 'holds no folders of images', layouts)
  for (const { what, name } of left) leftOut.add(what, join(dir, name))
  if (pictures.length > 0)
    leftOut.add('pictures beside the folders of the classes', join(dir, pictures[0]!), pictures.length)
  return classFolders(dir, folders)
}

const scanClasses = async (
  dir: string,
  classes: readonly ClassFolder[],
  classNames: readonly string[],
  leftOut: LeftOutCounter,
): Promise<ScannedImages> => {
  const paths: string[] = []
  const labels: number[] = []
  const indices = new Map(classNames.map((name, k) => [name, k]))
  for (const { name, folder } of classes) {
    const at = join(dir, folder)
    const left = new LeftOutCounter()
    const found = await walk(at, left)
    for (const { what, count, example } of left.all) leftOut.add(what, example, count)
    if (found.length === 0)
      throw new BadFolder(
        at,
        `has no images that can be read${left.all.map(({ what, count }) => `; ${count} ${what}`).join('')}`,
        `Put pictures of this class there (${readableEndings}), or remove the folder`,
      )
    for (const path of found) {
      paths.push(path)
      labels.push(indices.get(name)!)
    }
  }
  return { directory: dir, paths, labels: Uint16Array.from(labels) }
}

const checkCount = (dir: string, { length }: readonly unknown[]): void => {
  if (length > largestClassCount)
    throw new BadFolder(dir, `has ${length} classes, more than ${largestClassCount}`, 'Give fewer classes')
}

const scanFlat = async (root: string, { folders, pictures, leftOut: left }: Listing): Promise<ScannedFolder> => {
  const leftOut = new LeftOutCounter()
  for (const { what, name } of left) leftOut.add(what, join(root, name))
  const used: string[] = []
  for (const folder of folders)
    if (await hasPictures(join(root, folder))) used.push(folder)
    else leftOut.add('folders without pictures', join(root, folder))
  if (used.length === 0)
    throw pictures.length > 0 ? flat(root, pictures.length) : new BadFolder(root, 'holds no folders of images', layouts)
  if (used.length === 1)
    throw new BadFolder(
      root,
      `holds one folder of images (${used[0]}), which would be the only class`,
      `If the classes are folders in it, name it: ${join(root, used[0]!)}`,
    )
  if (pictures.length > 0)
    leftOut.add('pictures beside the folders of the classes', join(root, pictures[0]!), pictures.length)
  const classes = classFolders(root, used)
  checkCount(root, classes)
  const classNames = classes.map(({ name }) => name)
  const images = await scanClasses(root, classes, classNames, leftOut)
  return {
    classNames,
    ...divide(images, classNames, `${classNames.length} class folders without a test set`),
    leftOut: leftOut.all,
  }
}

const scanHalves = async (root: string, listing: Listing, train: string, test: string | undefined) => {
  const leftOut = new LeftOutCounter()
  for (const folder of listing.folders)
    if (folder !== train && folder !== test) leftOut.add('folders beside those of the classes', join(root, folder))
  if (listing.pictures.length > 0)
    leftOut.add(
      'pictures outside the folders of the classes',
      join(root, listing.pictures[0]!),
      listing.pictures.length,
    )
  const trainAt = join(root, train)
  const classes = await classesIn(trainAt, leftOut)
  checkCount(trainAt, classes)
  const classNames = classes.map(({ name }) => name)
  if (test === undefined) {
    const images = await scanClasses(trainAt, classes, classNames, leftOut)
    return { classNames, ...divide(images, classNames, `${train}/ without a test set`), leftOut }
  }
  const testAt = join(root, test)
  const known = new Set(classNames)
  const tested = await classesIn(testAt, leftOut)
  const unknown = tested.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  if (unknown.length > 0)
    throw new BadFolder(
      testAt,
      `has ${unknown.length === 1 ? 'a class' : `${unknown.length} classes`} that ${train}/ has not: ${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ', ...' : ''}`,
      `Name its folders as those in ${train}/`,
    )
  return {
    classNames,
    train: await scanClasses(trainAt, classes, classNames, leftOut),
    test: await scanClasses(testAt, tested, classNames, leftOut),
    layout: train === trainFolders[0] && test === testFolders[0] ? undefined : `${train}/ and ${test}/`,
    leftOut,
  }
}

const scan = async (dir: string): Promise<ScannedFolder> => {
  const root = resolve(dir)
  const listing = await list(root)
  const { train, test } = halvesOf(root, listing)
  if (train === undefined) {
    if (test !== undefined)
      throw new BadFolder(dir, `has a folder ${relative(root, join(root, test))} but no folder train`, layouts)
    return scanFlat(root, listing)
  }
  const { leftOut, ...scanned } = await scanHalves(root, listing, train, test)
  return { ...scanned, leftOut: leftOut.all }
}

/** Whether a directory has folders of training and test images. */
export const hasTrainAndTest = async (dir: string): Promise<boolean> => {
  const { folders } = await list(resolve(dir))
  const has = (wanted: readonly string[]): boolean => folders.some(name => wanted.includes(name.toLowerCase()))
  return has(trainFolders) && has(testFolders)
}

/** Whether a directory is laid out as an image folder; not whether what is in it can be used. */
export const hasImageFolders = async (dir: string): Promise<boolean> => {
  const listing = await list(resolve(dir))
  try {
    const { train, test } = halvesOf(dir, listing)
    if (train !== undefined || test !== undefined) return true
  } catch {
    return true
  }
  for (const folder of listing.folders) if (await hasPictures(join(dir, folder))) return true
  return false
}

/**
 * Lists the pictures of train/CLASS and val/CLASS, or of CLASS, with all folders below those of the classes. Error InvalidData: a
 * folder is missing, flat, empty or of no known class.
 */
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
