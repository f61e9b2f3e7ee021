import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { run, start } from '../support/cli.js'
import { temporary } from '../support/files.js'
import { searchAndTraining } from '../support/runs.js'
import { absent, launch } from './chromium.js'

if (absent !== undefined) console.warn(`SKIPPED pages of cpnas report in Chromium: ${absent}`)

/** Where pictures of the page are left for whoever wants to see them: CPNAS_SCREENSHOTS. */
const screenshots = process.env.CPNAS_SCREENSHOTS

/** A tab, and what it complains of or asks for beyond `allowed`. */
const openTab = async (browser: Browser, url: string, options: Parameters<Browser['newPage']>[0]) => {
  const tab = await browser.newPage(options)
  const complaints: string[] = []
  tab.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  tab.on('pageerror', error => complaints.push(`uncaught: ${error.message}`))
  tab.on('request', request => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(request.url())
  })
  await tab.goto(url)
  return { tab, complaints }
}

/** Pictures that are not to be seen: of no size, or wider than their figure without a box that scrolls. */
const unseen = async (tab: Page): Promise<readonly string[]> => {
  const found: string[] = []
  for (const svg of await tab.locator('figure svg[role=img]').all()) {
    const { x, width, height } = (await svg.boundingBox())!
    const figure = (await svg.locator('xpath=ancestor::figure').boundingBox())!
    const scrolls = (await svg.locator('xpath=ancestor::div[@class="scroll"]').count()) > 0
    const inside = scrolls || (x >= figure.x && x + width <= figure.x + figure.width)
    if (width < 100 || height < 100 || !inside)
      found.push(`${await svg.getAttribute('aria-label')}: ${width} x ${height}`)
  }
  return found
}

describe.skipIf(absent !== undefined)('pages of cpnas report in Chromium', () => {
  let browser: Browser
  let runs: { readonly search: string; readonly training: string }
  beforeAll(async () => {
    if (absent !== undefined) return
    browser = await launch()
    const directory = mkdtempSync(join(tmpdir(), 'cpnas-test-'))
    runs = await searchAndTraining(directory)
    return async () => {
      await browser.close()
      rmSync(directory, { recursive: true })
    }
  })

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 400],
    ['dark', 400],
  ] as const)('%s, %i pixels wide: nothing to complain about, every figure to be seen', async (colorScheme, width) => {
    const out = join(temporary(), 'report.html')
    expect(await run(['report', runs.search, runs.training, '--out', out])).toMatchObject({ code: 0 })
    const viewport = { width, height: 900 }
    const { tab, complaints } = await openTab(browser, pathToFileURL(out).href, { colorScheme, viewport })
    expect(await tab.locator('figure').count()).toBeGreaterThan(10)
    expect(await unseen(tab)).toEqual([])
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(width)
    const ground = await tab.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(16, 21, 29)')
    const picture = await tab.screenshot({ fullPage: true })
    expect(picture.length).toBeGreaterThan(50_000)
    if (screenshots !== undefined) {
      mkdirSync(screenshots, { recursive: true })
      writeFileSync(join(screenshots, `report-${colorScheme}-${width}.png`), picture)
    }
    expect(complaints).toEqual([])
  })

  test('tables open by keyboard', async () => {
    const out = join(temporary(), 'report.html')
    await run(['report', runs.training, '--out', out])
    const { tab } = await openTab(browser, pathToFileURL(out).href, {})
    const table = tab.locator('#training-loss table')
    expect(await table.isVisible()).toBe(false)
    await tab.locator('#training-loss summary').focus()
    await tab.keyboard.press('Enter')
    expect(await table.isVisible()).toBe(true)
  })

  test('a live page takes over what is new, and stays where it is', async () => {
    const history = join(runs.search, 'history.jsonl')
    const all = readFileSync(history, 'utf8')
    onTestFinished(() => writeFileSync(history, all))
    // The history up to and with its first sample.
    writeFileSync(history, all.slice(0, all.indexOf('\n', all.indexOf('"sample"')) + 1))
    const { child } = start(['watch', runs.search, '--port', '0'])
    onTestFinished(() => void child.kill('SIGINT'))
    const url = await new Promise<string>(resolve => child.stdout!.once('data', text => resolve(String(text).trim())))
    const { tab, complaints } = await openTab(browser, url, { viewport: { width: 900, height: 700 } })

    expect(await tab.locator('#indicator').count()).toBe(0)
    await tab.locator('#search-accuracy summary').focus()
    await tab.keyboard.press('Enter')
    const heading = tab.locator('#cells h2')
    await tab.locator('#cells').evaluate(section => section.scrollIntoView())
    const top = (await heading.boundingBox())!.y

    writeFileSync(history, all)
    await tab.locator('#indicator').waitFor({ state: 'attached' })
    const rows = tab.locator('#search-accuracy tbody tr')
    expect(await rows.count()).toBe(all.split('"type":"sample"').length - 1)
    expect(await rows.first().isVisible()).toBe(true)
    expect((await heading.boundingBox())!.y).toBeCloseTo(top, 0)
    expect(await tab.evaluate('document.activeElement.parentElement.id')).toBe('search-accuracy-numbers')
    expect(await tab.locator('#live').textContent()).toMatch(/last change at/)
    expect(complaints).toEqual([])
  })
})
