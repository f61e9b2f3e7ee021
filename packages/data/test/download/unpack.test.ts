import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { download, openDataset } from '@cpnas/data'
import { create } from 'tar'
import { beforeEach, describe, expect, it } from 'vitest'
import { cifarFile, fail, succeed, useDirectory, write } from '../support.js'
import { md5, sendRange, useServers } from './server.js'

const directory = useDirectory()
const serve = useServers()

let archive: Uint8Array
let dir: string
const members = [1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`).concat('test_batch.bin')

/** A small CIFAR-10 in an archive as the official one: all files in one folder. */
beforeEach(async () => {
  const folder = join(directory(), 'cifar-10-batches-bin')
  dir = join(directory(), 'data')
  await mkdir(folder)
  await mkdir(dir)
  write(folder, Object.fromEntries(members.map((name, i) => [name, cifarFile([[i]], i)])))
  write(folder, { 'batches.meta.txt': Buffer.from('airplane\n') })
  const file = join(directory(), 'archive')
  await create({ gzip: true, file, cwd: directory() }, ['cifar-10-batches-bin'])
  archive = readFileSync(file)
})

const sourceOf = (baseUrl: string, bytes: Uint8Array, expected = members, size = 3073) => ({
  baseUrl,
  files: [{ name: 'cifar-10-binary.tar.gz', md5: md5(bytes) }],
  unpacked: expected.map(name => ({ name, bytes: size })),
})

describe('an archive', () => {
  it('is unpacked, without its folder, and removed', async () => {
    const { baseUrl, requests } = await serve((request, response) => sendRange(archive, request, response))
    const source = sourceOf(baseUrl, archive)
    await succeed(download('cifar10', dir, { source }))
    expect(readdirSync(dir).sort()).toEqual(['batches.meta.txt', ...members])
    const { train, test } = await succeed(openDataset('cifar10', dir))
    expect([...train.labels, ...test.labels]).toEqual([0, 1, 2, 3, 4, 5])
    train.close()
    test.close()
    await succeed(download('cifar10', dir, { source }))
    expect(requests).toHaveLength(1)
  })

  it('that was put there by hand is taken and left', async () => {
    write(dir, { 'cifar-10-binary.tar.gz': archive })
    await succeed(download('cifar10', dir, { source: sourceOf('http://127.0.0.1:1', archive) }))
    expect(readdirSync(dir)).toHaveLength(8)
    expect(existsSync(join(dir, 'cifar-10-binary.tar.gz'))).toBe(true)
  })

  it('makes up for a file that is missing or of another size', async () => {
    write(dir, { 'data_batch_1.bin': new Uint8Array(10), 'cifar-10-binary.tar.gz': archive })
    await succeed(download('cifar10', dir, { source: sourceOf('http://127.0.0.1:1', archive) }))
    expect(readFileSync(join(dir, 'data_batch_1.bin'))).toHaveLength(3073)
  })

  it.each([
    ['lacks a file', () => archive, [...members, 'more.bin'], 3073, 'does not hold more.bin'],
    ['has a file of another size', () => archive, members, 3000, 'its data_batch_1.bin has 3073 bytes instead of 3000'],
    ['is none', () => Buffer.from('not a tar file '.repeat(99)), members, 3073, /cannot be unpacked|does not hold/],
    ['is cut short', () => archive.subarray(0, archive.length >> 1), members, 3073, /cannot be unpacked/],
  ])('that %s leaves no file', async (_, bytes, expected, size, problem) => {
    write(dir, { 'cifar-10-binary.tar.gz': bytes() })
    const error = await fail(
      download('cifar10', dir, { source: sourceOf('http://127.0.0.1:1', bytes(), expected, size) }),
    )
    expect(error).toMatchObject({ _tag: 'DownloadFailed', where: join(dir, 'cifar-10-binary.tar.gz') })
    expect(error.problem).toMatch(problem)
    expect(readdirSync(dir)).toEqual(['cifar-10-binary.tar.gz'])
  })
})
