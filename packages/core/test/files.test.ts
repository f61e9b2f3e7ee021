import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDirectory, writeFileAtomic } from '@cpnas/core/files'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cpnas-files-test-'))
})
afterEach(() => rm(directory, { recursive: true }))

describe('makeDirectory', () => {
  it('makes all that is missing, also when several do, and leaves what is there', async () => {
    const path = join(directory, 'a', 'b', 'c')
    await Promise.all([makeDirectory(path), makeDirectory(path), makeDirectory(join(directory, 'a', 'd'))])
    await makeDirectory(path)
    expect((await readdir(join(directory, 'a'))).sort()).toEqual(['b', 'd'])
  })

  it('rejects where a file is in the way', async () => {
    await writeFile(join(directory, 'file'), '')
    await expect(makeDirectory(join(directory, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeDirectory(join(directory, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  // Where Node's own, recursive, never returns.
  it.skipIf(process.platform !== 'linux')('rejects where the system has no room for directories', async () => {
    await expect(makeDirectory('/proc/none/below')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('writeFileAtomic', () => {
  it('makes missing directories and replaces what was there', async () => {
    const path = join(directory, 'a', 'b', 'file')
    await writeFileAtomic(path, 'one')()
    await writeFileAtomic(path, Uint8Array.of(116, 119, 111))()
    expect(await readFile(path, 'utf8')).toBe('two')
    expect(await readdir(join(directory, 'a', 'b'))).toEqual(['file'])
  })

  it('reports where it cannot write', async () => {
    await writeFile(join(directory, 'file'), '')
    const path = join(directory, 'file', 'below')
    expect(await writeFileAtomic(path, '')()).toMatchObject({ left: { _tag: 'StorageFailed', where: path } })
  })

  it.skipIf(process.platform === 'win32')('keeps the old file when the disk takes no more', async () => {
    const path = join(directory, 'file')
    await writeFile(path, 'old')
    const program = `
      import { writeFileAtomic } from '@cpnas/core/files'
      const result = await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(100000))()
      console.log(JSON.stringify(result))`
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, program],
      { cwd: import.meta.dirname, encoding: 'utf8' },
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ left: { _tag: 'StorageFailed', where: path, problem: /EFBIG/ } })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(directory)).toEqual(['file'])
  })
})
