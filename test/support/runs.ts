import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from './cli.js'
import { briefTraining } from './few-images.js'
import { temporary } from './files.js'
import { small } from './settings.js'

/** A finished search and a finished training of what it found, in a directory that goes away with the test unless it is named. */
export const searchAndTraining = async (
  directory = temporary(),
): Promise<{ readonly search: string; readonly training: string }> => {
  const search = join(directory, 'searched')
  const training = join(directory, 'trained')
  const done = { code: 0, out: expect.anything(), err: expect.anything() }
  expect(await run(['search', '--out', search, ...small])).toEqual(done)
  expect(await run(['train', '--genotype', search, '--out', training, ...briefTraining])).toEqual(done)
  return { search, training }
}
