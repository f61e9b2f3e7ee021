import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { hostname } from 'node:os'
import { type CpnasError, cpnasError, formatError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { watchScript } from './watch-script.js'

/** What is served. */
export interface Watched {
  /** Changes whenever the page would. */
  readonly signature: () => Promise<string>
  /** The page as it is now. */
  readonly page: TE.TaskEither<CpnasError, string>
}

/** Where to listen. */
export interface Address {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

/** Path of the script that the page runs. */
export const scriptPath = '/watch.js'

/** Milliseconds between two checks of the files: some file systems do not report changes. */
const period = 1000

/** Bytes that a listener may leave unread before its connection is closed; more connections than this are refused. */
const mostUnread = 65536
const mostConnections = 256
const headersTimeout = 10_000

const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

const answer = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` }).end(body)
}

/** `[::1]:80` to `::1`, `localhost:80` to `localhost`; undefined for what names no host. */
const hostIn = (authority: string): string | undefined => {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\\]+))(?::\d+)?$/i.exec(authority)
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}

/**
 * Whether a request was made to this server's address or own name, and, if it comes from a page, from its own page. A page of another site
 * can make its name lead here (DNS rebinding) and would then read the answers; no page can choose an IP address as its name.
 */
const isOwn = ({ headers: { host, origin } }: IncomingMessage, own: string): boolean => {
  const name = host === undefined ? own : hostIn(host)
  if (name === undefined || !(isIP(name) || [own, 'localhost', hostname().toLowerCase()].includes(name))) return false
  return origin === undefined || origin === `http://${host}`
}

/** The path of a request in origin form, without its query; undefined for any other form. */
const pathOf = (url = ''): string | undefined => (url.startsWith('/') ? url.split(/[?#]/, 1)[0] : undefined)

const cannotListen = ({ host, port }: Address, error: NodeJS.ErrnoException): CpnasError => {
  switch (error.code) {
    case 'EADDRINUSE':
      return cpnasError(
        'InvalidOption',
        'port',
        `${port} is in use on ${host}`,
        'Name another one, or 0 for any that is free',
      )
    case 'EACCES':
      return cpnasError('InvalidOption', 'port', `${port} may not be used`, 'Name one from 1024 on, or 0')
    default:
      return cpnasError(
        'InvalidOption',
        'host',
        `${host} cannot be listened on (${error.message})`,
        'Name an address of this machine',
      )
  }
}

const listen = (server: Server, address: Address): TE.TaskEither<CpnasError, AddressInfo> =>
  TE.tryCatch(
    () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(address.port, address.host, () => resolve(server.address() as AddressInfo))
      }),
    error => cannotListen(address, error as NodeJS.ErrnoException),
  )

/**
 * Serves the page at `/` and notifies open pages of changes (Server-Sent Events at `/events`) until the signal comes. `ready` is called
 * with the URL. InvalidOption: the port is in use, or the host is not one of this machine's.
 */
export const watchServer = (
  watched: Watched,
  address: Address,
  ready: (url: string) => void,
  signal: AbortSignal,
): TE.TaskEither<CpnasError, void> => {
  const listeners = new Set<ServerResponse>()
  let known = ''
  let page: Promise<E.Either<CpnasError, string>> | undefined

  const look = async (): Promise<void> => {
    const signature = await watched.signature()
    if (signature === known) return
    known = signature
    page = undefined
    for (const listener of listeners)
      if (listener.writableLength > mostUnread) listener.destroy()
      else listener.write('data: changed\n\n')
  }

  const listenTo = (response: ServerResponse): void => {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
    response.write('retry: 2000\n\n')
    listeners.add(response)
    response.on('close', () => listeners.delete(response))
  }

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request.url)
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'text/plain', 'Only GET.\n')
    else if (path === undefined) answer(response, 400, 'text/plain', 'Not a path.\n')
    else if (!isOwn(request, address.host.toLowerCase()))
      answer(response, 403, 'text/plain', 'Open the URL that `cpnas watch` printed.\n')
    else if (path === '/events') {
      if (request.method === 'HEAD') answer(response, 200, 'text/event-stream', '')
      else listenTo(response)
    } else if (path === scriptPath) answer(response, 200, 'text/javascript', watchScript)
    else if (path !== '/') answer(response, 404, 'text/plain', 'Nothing here.\n')
    else {
      await look()
      page ??= watched.page()
      const made = await page
      if (E.isRight(made)) answer(response, 200, 'text/html', made.right)
      else answer(response, 500, 'text/plain', `${formatError(made.left)}\n`)
    }
  }

  const server = createServer({ headersTimeout }, (request, response) => {
    response.on('error', () => {})
    respond(request, response).catch((error: unknown) => {
      page = undefined
      if (!response.headersSent) answer(response, 500, 'text/plain', `The run cannot be shown (${String(error)}).\n`)
    })
  })
  server.maxConnections = mostConnections
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })

  const serve = (): Promise<void> =>
    new Promise(resolve => {
      const timer = setInterval(() => look().catch(() => {}), period)
      const stop = (): void => {
        clearInterval(timer)
        server.close(() => resolve())
        server.closeAllConnections()
      }
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    })

  return async () => {
    const listening = await listen(server, address)()
    if (E.isLeft(listening)) return listening
    // A connection that cannot be accepted (too many open files) is that client's loss alone.
    server.on('error', () => {})
    const { address: host, port, family } = listening.right
    ready(`http://${family === 'IPv6' ? `[${host}]` : host}:${port}/`)
    await serve()
    return E.right(undefined)
  }
}
