import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { mnistFiles, writeFiles } from './idx.js'
import { tinyTraining } from './settings.js'

const directory = mkdtempSync(join(tmpdir(), 'cpnas-few-images-'))
writeFiles(directory, { ...mnistFiles() })
afterAll(() => rmSync(directory, { recursive: true }))

/** Further options for as many training images as `tiny` and `tinyTraining` have, and far fewer to test: the test is most of such a training's time. */
export const fewToTest: readonly string[] = ['--data', directory, '--dataset', 'mnist', '--share', '1']

/** `tinyTraining` with few images to test. */
export const briefTraining: readonly string[] = [...tinyTraining, ...fewToTest]
