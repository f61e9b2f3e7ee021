import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '@cpnas/runs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const settings = { seed: 7, operations: ['none', 'skip_connect'], name: 'größe' }
const checkpoint = (step: number): Checkpoint<{ step: number }> => ({
  settings,
  state: { step },
  tensors: { w: { shape: [2], values: Float32Array.of(step, -0) }, b: { shape: [], values: Float64Array.of(0.1) } },
})

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cpnas-checkpoint-test-'))
  path = join(directory, 'run', 'checkpoint.json')
})
afterEach(() => rm(directory, { recursive: true }))

const files = async (): Promise<readonly string[]> => (await readdir(join(directory, 'run'))).sort()
const tensorPath = async (): Promise<string> =>
  join(directory, 'run', (await files()).find(f => f.endsWith('.safetensors'))!)

describe('checkpoints', () => {
  it('are read as they were written', async () => {
    expect(await writeCheckpoint(path, checkpoint(3))()).toMatchObject({ _tag: 'Right' })
    expect(await readCheckpoint(path, settings)()).toEqual({ _tag: 'Right', right: checkpoint(3) })
  })

  it('replace one another and leave nothing behind', async () => {
    for (const step of [1, 2, 3]) await writeCheckpoint(path, checkpoint(step))()
    expect(await readCheckpoint(path)()).toEqual({ _tag: 'Right', right: checkpoint(3) })
    expect(await files()).toHaveLength(2)
  })

  it('leave other files alone, also of another checkpoint beside them', async () => {
    const other = join(directory, 'run', 'checkpoint-best.json')
    await writeCheckpoint(other, checkpoint(9))()
    await writeFile(join(directory, 'run', 'checkpoint-notes.safetensors'), '')
    await writeCheckpoint(path, checkpoint(1))()
    await writeCheckpoint(path, checkpoint(2))()
    expect(await readCheckpoint(other)()).toMatchObject({ _tag: 'Right' })
    expect(await files()).toContain('checkpoint-notes.safetensors')
  })

  it('stay valid when a write ends before the commit', async () => {
    await writeCheckpoint(path, checkpoint(1))()
    const json = await readFile(path)
    const tensors = await tensorPath()
    const bytes = await readFile(tensors)
    await writeCheckpoint(path, checkpoint(2))()
    await writeFile(path, json)
    await writeFile(tensors, bytes)
    for (const file of [path, tensors]) await writeFile(`${file}.0123456789ab.tmp`, 'half of a')
    expect(await readCheckpoint(path)()).toEqual({ _tag: 'Right', right: checkpoint(1) })
    await writeCheckpoint(path, checkpoint(3))()
    expect(await files()).toHaveLength(2)
  })

  it('are refused whenever any byte of either file has changed', async () => {
    await writeCheckpoint(path, checkpoint(1))()
    for (const file of [path, await tensorPath()]) {
      const bytes = await readFile(file)
      await fc.assert(
        fc
          .asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
            await writeFile(
              file,
              bytes.map((b, i) => (i === at ? b ^ flip : b)),
            )
            const read = await readCheckpoint(path)()
            if (read._tag === 'Left') expect(read.left._tag).toBe('InvalidCheckpoint')
            else expect(read.right).toEqual(checkpoint(1))
          })
          .afterEach(() => writeFile(file, bytes)),
      )
    }
  })

  it('name a damaged, a truncated and a missing file', async () => {
    await writeCheckpoint(path, checkpoint(1))()
    const tensors = await tensorPath()
    const bytes = await readFile(tensors)
    await writeFile(tensors, bytes.subarray(0, bytes.length - 1))
    expect(await readCheckpoint(path)()).toMatchObject({ left: { where: tensors, problem: /damaged/ } })
    await rm(tensors)
    expect(await readCheckpoint(path)()).toMatchObject({ left: { where: tensors, problem: 'is missing' } })
    await writeFile(path, '{"format":"cpnas-ch')
    expect(await readCheckpoint(path)()).toMatchObject({ left: { where: path, problem: /damaged/ } })
    await rm(path)
    expect(await readCheckpoint(path)()).toMatchObject({ left: { where: path, problem: 'is missing' } })
  })

  it('of another version or program say so', async () => {
    await writeCheckpoint(path, checkpoint(1))()
    const json = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...json, version: 99 }))
    expect(await readCheckpoint(path)()).toMatchObject({ left: { problem: /version 99, this program reads 1/ } })
    await writeFile(path, JSON.stringify({ ...json, format: 'other' }))
    expect(await readCheckpoint(path)()).toMatchObject({ left: { problem: /not a cpnas checkpoint/ } })
  })

  it('of a run with other settings name every one that differs', async () => {
    await writeCheckpoint(path, checkpoint(1))()
    const read = await readCheckpoint(path, { ...settings, seed: 8, operations: ['none'], extra: true })()
    expect(read).toMatchObject({
      left: {
        _tag: 'InvalidCheckpoint',
        problem:
          /seed 7 instead of 8, operations \["none","skip_connect"\] instead of \["none"\], extra absent instead of true$/,
      },
    })
  })
})
