import type { Browser, Page } from 'playwright-core'

export interface Tab {
  readonly page: Page
  /** What the console said, uncaught errors, failed requests, and requests outside the folder. */
  readonly complaints: readonly string[]
  /** Paths within the folder that were asked for. */
  readonly requests: readonly string[]
}

/** The page in a tab, once it has measured itself. */
export const openTab = async (
  browser: Browser,
  folder: string,
  options: Parameters<Browser['newPage']>[0],
): Promise<Tab> => {
  const page = await browser.newPage(options)
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(`uncaught: ${error.message}`))
  page.on('requestfailed', request => complaints.push(`failed: ${request.url()}`))
  page.on('request', request => {
    const url = request.url()
    if (url.startsWith('data:')) return
    if (url.startsWith(folder)) requests.push(url.slice(folder.length))
    else complaints.push(`request: ${url}`)
  })
  await page.goto(`${folder}index.html`)
  await measured(page)
  return { page, complaints, requests }
}

/** Waits until the page has measured what it has to. */
export const measured = async (page: Page): Promise<void> => {
  await page.locator('#measure:not([aria-disabled])').waitFor()
}
