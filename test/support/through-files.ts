import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Checkpoint, readCheckpoint, type Settings, writeCheckpoint } from '@cpnas/runs'

type Snapshot<S> = Pick<Checkpoint<S>, 'state' | 'tensors'>

/** A snapshot as a later process finds it: through the files of a checkpoint. */
export const throughFiles = async <S>(settings: Settings, snapshot: Snapshot<S>): Promise<Snapshot<S>> => {
  const directory = await mkdtemp(join(tmpdir(), 'cpnas-resume-test-'))
  try {
    const path = join(directory, 'checkpoint.json')
    await writeCheckpoint(path, { settings, ...snapshot })()
    const read = await readCheckpoint<S>(path, settings)()
    if (read._tag === 'Left') throw new Error(read.left.problem)
    const { state, tensors } = read.right
    return { state, tensors }
  } finally {
    await rm(directory, { recursive: true })
  }
}
