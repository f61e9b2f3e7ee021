import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { renderPage } from '@cpnas/export'
import { classify, createRunner, encode, imageOf, type Picture } from '@cpnas/packed'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { colourModel } from '../../packages/packed/test/support/colour-model.js'
import { run } from '../support/cli.js'
import { png } from '../support/image-folder.js'
import { absent, launch } from './chromium.js'

if (absent !== undefined) console.warn(`SKIPPED pages of cpnas page in Chromium: ${absent}`)

const model = colourModel('red', 'green', '<b>blue</b>')

const [first, second] = [
  [200, 90, 30],
  [10, 60, 250],
] as const

/** Columns of both colours in turn. */
const pixels = (width: number, height: number): Picture => ({
  width,
  height,
  data: Uint8Array.from(
    Array.from({ length: width * height }, (_, i) => [...((i % width) % 2 === 0 ? first : second), 255]).flat(),
  ),
})

describe.skipIf(absent !== undefined)('pages of cpnas page in Chromium', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    if (absent !== undefined) return
    folder = mkdtempSync(join(tmpdir(), 'cpnas-page-test-'))
    browser = await launch()
    return async () => {
      await browser.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('opened from a disk: a chosen picture is recognized as in Node, and nothing is fetched', async () => {
    writeFileSync(join(folder, 'model.cpnas'), encode(model))
    writeFileSync(join(folder, 'picture.png'), png(60, 41, first, second))
    writeFileSync(join(folder, 'broken.png'), 'no picture')
    const made = await run(['page', join(folder, 'model.cpnas'), '--out', folder, '--title', 'Colours & <more>'])
    expect(made).toMatchObject({ code: 0, err: '' })

    const tab = await browser.newPage()
    const url = pathToFileURL(join(folder, 'index.html')).href
    const complaints: string[] = []
    tab.on('console', message => complaints.push(message.text()))
    tab.on('pageerror', error => complaints.push(error.message))
    tab.on('request', request => {
      if (request.url() !== url && !/^(blob|data):/.test(request.url())) complaints.push(request.url())
    })
    await tab.goto(url)
    expect(await tab.title()).toBe('Colours & <more>')
    expect(await tab.locator('header p').textContent()).toContain('3 classes: red, green, <b>blue</b>.')

    await tab.locator('#file').setInputFiles(join(folder, 'broken.png'))
    await tab.locator('#error:not(:empty)').waitFor()
    expect(await tab.locator('#error').textContent()).toContain('broken.png is no picture')

    await tab.locator('#file').setInputFiles(join(folder, 'picture.png'))
    await tab.locator('#classes tr').first().waitFor()
    const expected = classify(await createRunner(model), model.metadata, imageOf(model, pixels(60, 41)))
    expect(await tab.locator('#top').textContent()).toBe(expected[0]!.label)
    expect(await tab.locator('#classes th').allInnerTexts()).toEqual(expected.map(({ label }) => label))
    expect(await tab.locator('#classes td').allInnerTexts()).toEqual(
      expected.map(({ confidence }) => `${(100 * confidence).toFixed(1)} %`),
    )
    expect(await tab.locator('#error').textContent()).toBe('')
    expect(await tab.locator('#size').textContent()).toBe('8x8 pixels')
    expect(complaints).toEqual([])
    await tab.close()
  })
})

test('a page is the engine, 94 kB, and the network in base64', () => {
  const page = renderPage(model)
  const network = Math.ceil(encode(model).length / 3) * 4
  expect((page.length - network) / 1000).toBeLessThan(96)
  expect(renderPage(model)).toBe(page)
})
