import type { CpnasError } from '@cpnas/core'
import { badFile } from '../files.js'
import type { LeftOut } from './left-out.js'

/** Pictures and their classes, in the order of classes and then of paths. */
export interface ScannedImages {
  readonly directory: string
  /** What each is called in messages: its path, or its place in a file. */
  readonly paths: readonly string[]
  readonly labels: Uint16Array
  /** The encoded pictures where they are in memory; else they lie at `paths`. */
  readonly contents?: readonly Uint8Array[]
}

/** A folder of pictures as it was found. */
export interface ScannedFolder {
  /** In one Unicode form (NFC), numbers in the order of their values, else in that of the characters' codes. */
  readonly classNames: readonly string[]
  readonly train: ScannedImages
  readonly test: ScannedImages
  readonly leftOut: readonly LeftOut[]
  /** A sentence about the folder's layout, if it is not train/CLASS and val/CLASS. */
  readonly layout: string | undefined
}

/** Thrown while a folder is scanned; carries the error to report. */
export class BadFolder extends Error {
  readonly error: CpnasError
  constructor(where: string, problem: string, remedy: string) {
    super(problem)
    this.error = badFile(where, problem, remedy)
  }
}
