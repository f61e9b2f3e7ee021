import { once } from 'node:events'
import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DownloadOptions, download, openDataset, type Progress, sources } from '@cpnas/data'
import { describe, expect, it } from 'vitest'
import { fail, gzipped, idxFiles, succeed, useDirectory, write } from '../support.js'
import { connectionCutter, md5, sendRange, useServers } from './server.js'

const directory = useDirectory()
const serve = useServers()

const file = Uint8Array.from({ length: 50_000 }, (_, i) => (i * i) >> 3)
const right = md5(file)
const source = (checksum = right) => ({ baseUrl: 'http://127.0.0.1:1', files: [{ name: 'a.bin', md5: checksum }] })
const get = (baseUrl: string, options: DownloadOptions = {}) =>
  download('fashion-mnist', directory(), { source: source(), baseUrl, retryDelay: 1, ...options })
const arrived = () => new Uint8Array(readFileSync(join(directory(), 'a.bin')))

describe('a download', () => {
  it('brings the file, in a directory made for it, and reports its progress', async () => {
    const { baseUrl, requests } = await serve((request, response) => sendRange(file, request, response))
    const progress: Progress[] = []
    const dir = join(directory(), 'new', 'deep')
    await succeed(download('cifar10', dir, { source: source(), baseUrl, onProgress: one => progress.push(one) }))
    expect(readdirSync(dir)).toEqual(['a.bin'])
    expect(new Uint8Array(readFileSync(join(dir, 'a.bin')))).toEqual(file)
    expect(requests).toEqual(['/files/a.bin whole'])
    expect(progress[0]).toEqual({ file: 'a.bin', received: 0, total: 50_000 })
    expect(progress.at(-1)).toEqual({ file: 'a.bin', received: 50_000, total: 50_000 })
    expect(progress.every((one, i) => i === 0 || one.received > progress[i - 1]!.received)).toBe(true)
  })

  it('does nothing when the file is there', async () => {
    write(directory(), { 'a.bin': file })
    await succeed(get('http://127.0.0.1:1'))
    expect(arrived()).toEqual(file)
  })

  it('replaces a file with another checksum', async () => {
    write(directory(), { 'a.bin': file.subarray(1) })
    const { baseUrl } = await serve((request, response) => sendRange(file, request, response))
    await succeed(get(baseUrl))
    expect(arrived()).toEqual(file)
  })

  it('goes on where an earlier run stopped', async () => {
    write(directory(), { 'a.bin.part': file.subarray(0, 30_000) })
    const { baseUrl, requests } = await serve((request, response) => sendRange(file, request, response))
    const progress: Progress[] = []
    await succeed(get(`${baseUrl}/`, { onProgress: one => progress.push(one) }))
    expect(requests).toEqual(['/files/a.bin bytes=30000-'])
    expect(progress[0]).toEqual({ file: 'a.bin', received: 30_000, total: 50_000 })
    expect(arrived()).toEqual(file)
    expect(readdirSync(directory())).toEqual(['a.bin'])
  })

  it('takes a part that is whole', async () => {
    write(directory(), { 'a.bin.part': file })
    const { baseUrl } = await serve((request, response) => sendRange(file, request, response))
    await succeed(get(baseUrl))
    expect(arrived()).toEqual(file)
  })

  it('resumes by itself after a cut connection', async () => {
    const { send, onProgress } = connectionCutter(file, 20_000)
    const { baseUrl, requests } = await serve((request, response, count) =>
      count < 3 ? send(request, response) : sendRange(file, request, response),
    )
    await succeed(get(baseUrl, { onProgress }))
    expect(requests).toEqual(['/files/a.bin whole', '/files/a.bin bytes=20000-', '/files/a.bin bytes=40000-'])
    expect(arrived()).toEqual(file)
  })

  it('keeps what arrived when the connection is cut for good', async () => {
    const { send, onProgress } = connectionCutter(file, 10_000)
    const { baseUrl, requests } = await serve(send)
    const error = await fail(get(baseUrl, { retries: 1, onProgress }))
    expect(error).toMatchObject({ _tag: 'DownloadFailed', where: `${baseUrl}/a.bin` })
    expect(error.problem).toBe('the connection was cut')
    expect(requests).toHaveLength(2)
    expect(readdirSync(directory())).toEqual(['a.bin.part'])
    expect(new Uint8Array(readFileSync(join(directory(), 'a.bin.part')))).toEqual(file.subarray(0, 20_000))
  })

  it('starts anew at a server that ignores ranges', async () => {
    write(directory(), { 'a.bin.part': file.subarray(0, 30_000) })
    const { baseUrl, requests } = await serve((_, response) => response.end(file))
    await succeed(get(baseUrl))
    expect(requests).toHaveLength(1)
    expect(arrived()).toEqual(file)
  })

  it('starts anew when a server sends another range after a cut connection', async () => {
    const { send, onProgress } = connectionCutter(file, 20_000)
    const { baseUrl, requests } = await serve((request, response, count) => {
      if (count === 1) send(request, response)
      else if (count === 2) response.writeHead(206, { 'content-range': 'bytes 0-49999/50000' }).end(file)
      else sendRange(file, request, response)
    })
    await succeed(get(baseUrl, { onProgress }))
    expect(requests).toEqual(['/files/a.bin whole', '/files/a.bin bytes=20000-', '/files/a.bin whole'])
    expect(arrived()).toEqual(file)
  })

  it.each([
    ['of another file', new Uint8Array(30_000)],
    ['longer than the file', new Uint8Array(60_000)],
  ])('discards a part %s', async (_, part) => {
    write(directory(), { 'a.bin.part': part })
    const { baseUrl, requests } = await serve((request, response) => sendRange(file, request, response))
    await succeed(get(baseUrl))
    expect(requests).toEqual([`/files/a.bin bytes=${part.length}-`, '/files/a.bin whole'])
    expect(arrived()).toEqual(file)
  })

  it('rejects a wrong checksum and leaves nothing', async () => {
    const { baseUrl, requests } = await serve((request, response) => sendRange(file.subarray(1), request, response))
    const error = await fail(get(baseUrl))
    expect(error).toMatchObject({ _tag: 'DownloadFailed', where: `${baseUrl}/a.bin` })
    expect(error.problem).toBe(
      `its MD5 is ${md5(file.subarray(1))} instead of ${right}: it was damaged on its way, or is another file`,
    )
    expect(requests).toHaveLength(1)
    expect(readdirSync(directory())).toEqual([])
  })

  it.each([
    [404, 1, 'the server answers 404 Not Found'],
    [403, 1, 'the server answers 403 Forbidden'],
    [503, 4, 'the server answers 503 Service Unavailable'],
    [429, 4, 'the server answers 429 Too Many Requests'],
  ])('at the answer %d makes %d requests', async (status, count, problem) => {
    const { baseUrl, requests } = await serve((_, response) => response.writeHead(status).end('no'))
    expect(await fail(get(baseUrl))).toMatchObject({ _tag: 'DownloadFailed', where: `${baseUrl}/a.bin`, problem })
    expect(requests).toHaveLength(count)
    expect(readdirSync(directory())).toEqual([])
  })

  it('gets over a server that is overloaded for a while', async () => {
    const { baseUrl } = await serve((request, response, count) =>
      count < 4 ? response.writeHead(503).end() : sendRange(file, request, response),
    )
    await succeed(get(baseUrl))
    expect(arrived()).toEqual(file)
  })

  it('waits twice as long before every further attempt', async () => {
    const times: number[] = []
    const { baseUrl } = await serve((_, response) => {
      times.push(performance.now())
      response.writeHead(503).end()
    })
    await fail(get(baseUrl, { retryDelay: 20 }))
    const pauses = times.slice(1).map((time, i) => time - times[i]!)
    for (const [i, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(20 * 2 ** i - 2)
  })

  it('says that the connection is refused', async () => {
    const { baseUrl, close } = await serve(() => {})
    await close()
    const error = await fail(get(baseUrl))
    expect(error).toMatchObject({ _tag: 'DownloadFailed', where: `${baseUrl}/a.bin` })
    expect(error.problem).toBe('the server refuses the connection')
    expect(error.remedy).toMatch(/Check the connection/)
  })

  it.each(['ftp://127.0.0.1/x', 'nonsense'])('rejects the address %s', async baseUrl => {
    expect((await fail(get(baseUrl))).problem).toBe('is not an http or https address')
  })

  it('can be stopped, and keeps what arrived', async () => {
    const { baseUrl } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': file.length }).write(file.subarray(0, 10_000))
    })
    const controller = new AbortController()
    const onProgress = ({ received }: Progress) => received === 10_000 && controller.abort()
    const error = await fail(get(baseUrl, { signal: controller.signal, onProgress, retries: 0 }))
    expect(error).toMatchObject({ _tag: 'DownloadFailed', problem: 'the download was stopped' })
    expect(readFileSync(join(directory(), 'a.bin.part'))).toHaveLength(10_000)
  })

  it('can be stopped while it waits', async () => {
    const { baseUrl } = await serve((_, response) => response.writeHead(503).end())
    const error = await fail(get(baseUrl, { signal: AbortSignal.timeout(50), retryDelay: 1e6 }))
    expect(error.problem).toBe('the download was stopped')
  })
})

describe('a disk that does not take it', () => {
  it.skipIf(process.platform !== 'linux')('is full', async () => {
    symlinkSync('/dev/full', join(directory(), 'a.bin.part'))
    const closed: Promise<unknown>[] = []
    const { baseUrl, requests } = await serve((_, response) => {
      closed.push(once(response, 'close'))
      response.writeHead(200, { 'content-length': 2 * file.length }).write(file)
    })
    const error = await fail(get(baseUrl))
    expect(error).toMatchObject({ _tag: 'StorageFailed', problem: 'the disk is full (ENOSPC)' })
    await Promise.all(closed)
    expect(requests).toHaveLength(1)
  })

  it('has a file where the directory should be', async () => {
    write(directory(), { taken: new Uint8Array(1) })
    for (const dir of [join(directory(), 'taken'), join(directory(), 'taken', 'below')])
      expect(await fail(download('cifar10', dir))).toMatchObject({ _tag: 'StorageFailed', where: dir })
  })

  it('has a directory where the file should be', async () => {
    await mkdir(join(directory(), 'a.bin.part'))
    const { baseUrl } = await serve((request, response) => sendRange(file, request, response))
    expect(await fail(get(baseUrl))).toMatchObject({ _tag: 'StorageFailed' })
  })
})

describe('the four files of Fashion-MNIST', () => {
  it('arrive and can be opened', async () => {
    const files = gzipped(idxFiles())
    const { baseUrl, requests } = await serve((request, response) =>
      sendRange(files[request.url!.replace('/files/', '')]!, request, response),
    )
    const names = sources['fashion-mnist'].files.map(({ name }) => name)
    const source = { baseUrl, files: names.map(name => ({ name, md5: md5(files[name]!) })) }
    await succeed(download('fashion-mnist', directory(), { source }))
    expect(requests).toHaveLength(4)
    const { train, test } = await succeed(openDataset('fashion-mnist', directory()))
    expect([train.count, test.count]).toEqual([11, 2])
    await succeed(download('fashion-mnist', directory(), { source }))
    expect(requests).toHaveLength(4)
  })
})

it('the official sources are complete', () => {
  for (const { baseUrl, files } of Object.values(sources)) {
    expect(baseUrl).toMatch(/^https?:.*\/$/)
    for (const { md5 } of files) expect(md5).toMatch(/^[0-9a-f]{32}$/)
  }
})
