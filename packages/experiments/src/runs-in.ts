import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Task } from 'fp-ts/lib/Task.js'
import { ablationFiles, ablationRun } from './ablation/kind.js'
import { creationFiles, creationRun } from './creation/kind.js'
import { lastFiles } from './inner-runs.js'
import { searchRun } from './search/kind.js'
import { formatIn } from './sources/model.js'
import { trainingRun } from './training/kind.js'

/** A kind of run by its name. */
export type RunName = 'search' | 'training' | 'ablation' | 'creation'

/** A run in some directory. */
export interface FoundRun {
  readonly directory: string
  readonly kind: RunName
  readonly finished: boolean
}

/** What config.json calls the kinds, and the file that each writes last. */
const kinds: Readonly<Record<string, { readonly kind: RunName; readonly last: string }>> = {
  [searchRun.format]: { kind: 'search', last: lastFiles.search },
  [trainingRun.format]: { kind: 'training', last: lastFiles.training },
  [ablationRun.format]: { kind: 'ablation', last: ablationFiles.chart },
  [creationRun.format]: { kind: 'creation', last: creationFiles.result },
}

const runAt = async (directory: string): Promise<FoundRun | undefined> => {
  const format = await formatIn(directory)
  const known = typeof format === 'string' && Object.hasOwn(kinds, format) ? kinds[format] : undefined
  return known && { directory, kind: known.kind, finished: existsSync(join(directory, known.last)) }
}

/** The runs in the directories of a directory, by name; what is no run, or cannot be read, is left out. */
export const runsIn =
  (directory: string): Task<readonly FoundRun[]> =>
  async () => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
    const names = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
    const found = await Promise.all(names.sort().map(name => runAt(join(directory, name))))
    return found.filter(run => run !== undefined)
  }
