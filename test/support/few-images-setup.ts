import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { mnistFiles, writeFiles } from './idx.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The directory of `fewToTest`. */
    fewImages: string
  }
}

const directory = mkdtempSync(join(tmpdir(), 'cpnas-few-images-'))

/** Writes the images of `fewToTest` once for all tests. */
export const setup = ({ provide }: TestProject): void => {
  writeFiles(directory, { ...mnistFiles() })
  provide('fewImages', directory)
}

export const teardown = (): void => rmSync(directory, { recursive: true })
