import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundle } from './bundle.js'
import { launch } from './chromium.js'
import type { Page } from './page.js'

export interface OpenPage {
  /** Calls a function of the page's; arguments and results travel as JSON. */
  readonly call: <K extends keyof Page>(name: K, ...args: Parameters<Page[K]>) => Promise<Awaited<ReturnType<Page[K]>>>
  /** Errors, warnings, and requests that left this machine. */
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

const html = `<!doctype html><title>cpnas</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>`

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

/** The page in headless Chromium. It comes from localhost, for only a secure context has `navigator.gpu`. */
export const openPage = async (): Promise<OpenPage> => {
  const browser = await launch()
  const script = await bundle()
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', url === '/page.js' ? 'text/javascript' : 'text/html')
    response.end(url === '/page.js' ? script : html)
  })
  const origin = `http://localhost:${await listen(server)}`
  const tab = await browser.newPage()
  const complaints: string[] = []
  tab.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  tab.on('pageerror', error => complaints.push(`uncaught: ${error.message}`))
  tab.on('request', request => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      complaints.push(`request: ${request.url()}`)
  })
  await tab.goto(origin)
  await tab.waitForFunction(() => 'page' in globalThis)
  return {
    call: (name, ...args) =>
      tab.evaluate(
        ([name, args]) => {
          const { page } = globalThis as unknown as {
            readonly page: Record<string, (...args: readonly unknown[]) => unknown>
          }
          return page[name]!(...args)
        },
        [name, args] as const,
      ) as never,
    complaints,
    close: async () => {
      await browser.close()
      server.close()
    },
  }
}
