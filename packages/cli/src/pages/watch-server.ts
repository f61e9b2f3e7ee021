import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CpnasError, cpnasError, formatError } from '@cpnas/backends'
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

export interface Address {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

/** Path of the script that the page runs. */
export const scriptPath = '/watch.js'

/** Milliseconds between two looks at the files: they may lie where changes are not told of. */
const period = 1000

const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

const answer = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` }).end(body)
}

const cannotListen = ({ host, port }: Address, error: NodeJS.ErrnoException): CpnasError => {
  switch (error.code) {
    case 'EADDRINUSE':
      return cpnasError(
        'InvalidOption',
        '--port',
        `${port} is in use on ${host}`,
        'Name another one, or 0 for any that is free',
      )
    case 'EACCES':
      return cpnasError('InvalidOption', '--port', `${port} may not be used`, 'Name one from 1024 on, or 0')
    default:
      return cpnasError(
        'InvalidOption',
        '--host',
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
 * Serves the page at `/` and tells open ones of changes (Server-Sent Events at `/events`) until the signal comes. `ready` is
 * told the URL. InvalidOption: the port is in use, or the host is not one of this machine's.
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
    for (const listener of listeners) listener.write('data: changed\n\n')
  }

  const server = createServer(async ({ method, url }, response) => {
    const path = new URL(url ?? '/', 'http://localhost').pathname
    if (method !== 'GET' && method !== 'HEAD') answer(response, 405, 'text/plain', 'Only GET.\n')
    else if (path === '/events') {
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' })
      response.write('retry: 2000\n\n')
      listeners.add(response)
      response.on('close', () => listeners.delete(response))
    } else if (path === scriptPath) answer(response, 200, 'text/javascript', watchScript)
    else if (path !== '/') answer(response, 404, 'text/plain', 'Nothing here.\n')
    else {
      await look()
      page ??= watched.page()
      const made = await page
      if (E.isRight(made)) answer(response, 200, 'text/html', made.right)
      else answer(response, 500, 'text/plain', `${formatError(made.left)}\n`)
    }
  })

  const serve = (): Promise<void> =>
    new Promise(resolve => {
      const timer = setInterval(look, period)
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
    const { address: host, port, family } = listening.right
    ready(`http://${family === 'IPv6' ? `[${host}]` : host}:${port}/`)
    await serve()
    return E.right(undefined)
  }
}
