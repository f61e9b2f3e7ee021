import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { ResolvedBackend } from '@cpnas/backends'
import { type CpnasError, cpnasError } from '@cpnas/core'
import { type Dataset, differenceOf } from '@cpnas/data'
import { type RunBase, readFingerprint } from '@cpnas/runs'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { IdentifiedData } from './data.js'
import type { Plan } from './plan.js'

const hashOf = ({ buffer, byteOffset, byteLength }: Dataset['labels']): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')

const otherImages = (problem: string): CpnasError =>
  cpnasError(
    'InvalidOption',
    'data',
    problem,
    'Name the directory of the images that the run was begun with, or begin another run in another directory',
  )

/** InvalidOption if the data are not those of the run; it names the class that differs. `where` is the run's directory. */
export const checkImages = (
  stored: RunBase,
  where: string,
  { source, train, fingerprint }: IdentifiedData,
): TE.TaskEither<CpnasError, void> => {
  const place = source.directory ?? 'the embedded data set'
  const other = (difference: string): CpnasError =>
    otherImages(`${place} has ${difference}: the run in ${where} was begun with other images`)
  if (stored.images === undefined) {
    // Runs of earlier versions know the classes of their images by number alone; files of records have no others.
    if (source.name === 'image-folder')
      return TE.left(
        otherImages(`the run in ${where} was begun by an earlier version, which did not record its images and classes`),
      )
    return stored.labels === hashOf(train.labels) ? TE.right(undefined) : TE.left(other('other labels'))
  }
  if (stored.images.by === fingerprint.by && stored.images.digest === fingerprint.digest) return TE.right(undefined)
  return pipe(
    readFingerprint(where),
    TE.flatMap(wanted => TE.left(other((wanted && differenceOf(wanted, fingerprint)) ?? 'other images'))),
  )
}

/** What config.json says of every run. */
export const baseFor = (
  { source, train, fingerprint }: IdentifiedData,
  { backend, threads }: Pick<RunBase, 'backend' | 'threads'>,
): RunBase => ({
  dataset: source.name,
  data: source.directory === undefined ? null : resolve(source.directory),
  labels: hashOf(train.labels),
  images: { by: fingerprint.by, digest: fingerprint.digest },
  ...(source.imageSize === undefined ? {} : { imageSize: source.imageSize }),
  backend,
  threads,
})

/** The configuration to record of a run; for a resumed one only the engine and its threads can change. */
export const runConfig = <C, R extends RunBase>(
  { stored, threads }: Plan<C, R>,
  data: IdentifiedData,
  { name: backend }: ResolvedBackend,
  complete: (base: RunBase) => R,
): R => (stored === undefined ? complete(baseFor(data, { backend, threads })) : { ...stored, backend, threads })
