import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Progress } from '@cpnas/data'
import { afterEach } from 'vitest'

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

export interface TestServer {
  readonly baseUrl: string
  /** Path and Range header of every request so far. */
  readonly requests: string[]
  close(): Promise<void>
}

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** Servers on loopback that are closed after the test. */
export const useServers = (): ((handler: Handler) => Promise<TestServer>) => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    await Promise.all(closing.splice(0).map(close => close()))
  })
  return async handler => {
    const requests: string[] = []
    const server = createServer((request, response) => {
      requests.push(`${request.url} ${request.headers.range ?? 'whole'}`)
      handler(request, response, requests.length)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const close = () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    closing.push(close)
    return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`, requests, close }
  }
}

const rangeStart = (request: IncomingMessage): number =>
  Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)

/** Sends the body as a server does that knows ranges. */
export const sendRange = (bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void => {
  const start = rangeStart(request)
  if (start >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    return
  }
  const rest = bytes.subarray(start)
  const range = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': rest.length, ...(start > 0 ? range : {}) }).end(rest)
}

/** Sends `step` bytes, though it promised all, and cuts the connection when the receiver reports to have them. */
export const connectionCutter = (bytes: Uint8Array, step: number) => {
  let cut = { response: undefined as ServerResponse | undefined, at: 0 }
  return {
    send: (request: IncomingMessage, response: ServerResponse): void => {
      const start = rangeStart(request)
      response.writeHead(start > 0 ? 206 : 200, {
        'content-length': bytes.length - start,
        ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
      })
      response.write(bytes.subarray(start, start + step))
      cut = { response, at: start + step }
    },
    onProgress: ({ received }: Progress): void => {
      if (received === cut.at) cut.response?.destroy()
    },
  }
}
