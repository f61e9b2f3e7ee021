import { request } from 'node:http'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import fc from 'fast-check'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watchServer } from '../../dist/pages/watch-server.js'

let stop = new AbortController()
let finished: Promise<unknown> = Promise.resolve()
let port = 0
let signature = async (): Promise<string> => '1'

beforeEach(async () => {
  stop = new AbortController()
  signature = async () => '1'
  port = await new Promise(resolve => {
    const watched = { signature: () => signature(), page: TE.right('<p>page</p>') }
    const ready = (url: string) => resolve(Number(new URL(url).port))
    finished = watchServer(watched, { host: '127.0.0.1', port: 0 }, ready, stop.signal)()
  })
})
afterEach(async () => {
  stop.abort()
  await finished
})

interface Answer {
  readonly status: number
  readonly text: string
}

const ask = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', part => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
    asked.on('error', reject).end()
  })

/** Sends bytes, and waits for the first ones that come back, or for the end. */
const send = (bytes: Uint8Array | string): Promise<string> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const end = (text: string) => {
      socket.destroy()
      resolve(text)
    }
    socket.on('connect', () => socket.end(bytes))
    socket.on('data', data => end(data.toString('latin1')))
    socket.on('close', () => end(''))
    socket.on('error', () => end(''))
  })

describe('watchServer', () => {
  it('serves the page, its script, and nothing else', async () => {
    expect(await ask('/')).toEqual({ status: 200, text: '<p>page</p>' })
    expect(await ask('/?x=//')).toMatchObject({ status: 200 })
    expect((await ask('/watch.js')).text).toContain('EventSource')
    for (const path of ['//', '/..', '/../config.json', '/%2e%2e/config.json', '/config.json'])
      expect(await ask(path)).toMatchObject({ status: 404 })
    expect(await ask('/', {}, 'POST')).toMatchObject({ status: 405 })
    expect(await ask('/events', {}, 'HEAD')).toMatchObject({ status: 200 })
  })

  it.each([
    ['GET http://a:99999/ HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
    ['GET / HTTP/1.0\r\n\r\n', 200],
    ['GET nonsense HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00', 400],
  ])('answers %j with %i', async (line, status) => {
    expect(await send(line)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  it.each([
    ['localhost', 200],
    ['localhost:4300', 200],
    ['127.0.0.1:1', 200],
    ['[::1]:4300', 200],
    [hostname(), 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['user@localhost', 403],
    ['[::1', 403],
  ])('made to the host %j gives %i: a name of another site may lead here', async (host, status) => {
    expect(await ask('/', { host })).toMatchObject({ status })
  })

  it('does not answer pages of other origins', async () => {
    const host = `localhost:${port}`
    expect(await ask('/', { host, origin: `http://${host}` })).toMatchObject({ status: 200 })
    for (const origin of ['http://evil.example', 'null', `https://${host}`])
      expect(await ask('/', { host, origin })).toMatchObject({ status: 403 })
  })

  it('says so when the run cannot be looked at, and goes on when it can', async () => {
    signature = async () => {
      throw new Error('gone')
    }
    expect(await ask('/')).toMatchObject({ status: 500, text: expect.stringContaining('gone') })
    signature = async () => '2'
    expect(await ask('/')).toMatchObject({ status: 200 })
  })

  it('outlives ten thousand raw requests', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'GET',
        'HEAD',
        'POST',
        'CONNECT',
        ' ',
        '/',
        '//',
        '*',
        '%',
        '%00',
        '..',
        '\\',
        '[',
        ':',
        '@',
        '?',
      ),
      fc.constantFrom(
        ' HTTP/1.1',
        ' HTTP/1.0',
        '\r\n',
        '\r\n\r\n',
        '\n',
        '\0',
        'Host: ',
        'Host: x\r\n',
        'a'.repeat(20_000),
      ),
      fc.constantFrom('Content-Length: 10\r\n', 'Transfer-Encoding: chunked\r\n', 'Upgrade: websocket\r\n', '/events'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    const requests = fc.sample(
      fc.array(piece, { minLength: 1, maxLength: 12 }).map(pieces => pieces.join('')),
      10_000,
    )
    let next = 0
    const client = async (): Promise<void> => {
      while (next < requests.length) await send(requests[next++]!)
    }
    await Promise.all(Array.from({ length: 40 }, client))
    expect(await ask('/')).toMatchObject({ status: 200 })
  })
})
