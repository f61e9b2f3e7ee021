import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { classify, createRunner, from, type PackedModel, type Runner } from '@cpnas/packed'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { absent, launch } from '../../../test/browser/chromium.js'
import { serve } from '../../../test/browser/serve.js'
import { measured, openTab, type Tab } from './support/open-tab.js'

if (absent !== undefined) console.warn(`SKIPPED the web example in Chromium: ${absent}`)

const root = join(import.meta.dirname, '..')
const folder = pathToFileURL(join(root, 'dist/')).href
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const samples: readonly { readonly label: string; readonly bytes: string }[] = JSON.parse(
  readFileSync(join(root, 'model/samples.json'), 'utf8'),
)

/** Rows of the answer: label and confidences, of the float network too if it is there. */
const rows = (page: Page): Promise<readonly { label: string; bits: number; float: number }[]> =>
  page.evaluate(`[...document.querySelectorAll('#classes tr')].map(row => ({
    label: row.querySelector('th').textContent,
    bits: Number(row.querySelector('.bits').dataset.confidence),
    float: Number(row.querySelector('.float').dataset.confidence),
  }))`)

/** Greys that the network sees, row by row. */
const seen = (page: Page): Promise<readonly number[]> =>
  page.evaluate(`(() => {
    const { width, height } = document.getElementById('seen')
    const { data } = document.getElementById('seen').getContext('2d').getImageData(0, 0, width, height)
    return [...data].filter((_, i) => i % 4 === 0)
  })()`)

/** A PNG of dark trousers on white, with a wide margin. */
const trousers = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 300, height: 200 })
    const context = canvas.getContext('2d')
    context.fillStyle = '#fff'
    context.fillRect(0, 0, 300, 200)
    context.fillStyle = '#334'
    context.fillRect(110, 40, 50, 20)
    context.fillRect(110, 60, 20, 100)
    context.fillRect(140, 60, 20, 100)
    return canvas.toDataURL('image/png').split(',')[1]
  })()`)

/** Gives the page a file as a drop or from the clipboard. */
const hand = (page: Page, how: 'drop' | 'paste', base64: string): Promise<void> =>
  page.evaluate(
    `(() => {
      const data = new DataTransfer()
      data.items.add(new File([Uint8Array.from(atob('${base64}'), letter => letter.charCodeAt(0))], 'given.png', { type: 'image/png' }))
      document.body.dispatchEvent(${
        how === 'drop'
          ? `new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })`
          : `new ClipboardEvent('paste', { clipboardData: data, bubbles: true })`
      })
    })()`,
  )

const violations = async (page: Page): Promise<readonly string[]> => {
  if (!(await page.evaluate(`'axe' in globalThis`))) await page.addScriptTag({ path: axe })
  return page.evaluate(
    `axe.run(document, { preload: false }).then(found => found.violations.map(
      ({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target).join(', ')))`,
  )
}

const says = async (page: Page): Promise<string> => (await page.locator('#says').textContent()) ?? ''

describe.skipIf(absent !== undefined)('the web example in Chromium', () => {
  let browser: Browser
  let tab: Tab
  let page: Page
  let model: PackedModel
  let runner: Runner
  beforeAll(async () => {
    if (absent !== undefined) return
    browser = await launch()
    tab = await openTab(browser, folder, { viewport: { width: 1280, height: 900 } })
    page = tab.page
    page.setDefaultTimeout(60_000)
    const opened = from(readFileSync(join(root, 'model/best.cpnas')))
    if (opened._tag === 'Left') throw new Error(opened.left.message)
    model = opened.right
    runner = await createRunner(model)
    return () => browser.close()
  })

  test('opened by a double click it measures itself, and has asked for its own files only', async () => {
    expect(await page.locator('#time-bits').textContent()).toMatch(/^[\d.]+ ms$/)
    expect(await page.locator('#rate-bits').textContent()).toMatch(/^[\d,]+$/)
    const size = readFileSync(join(root, 'model/best.cpnas')).length
    expect(await page.locator('#size-bits').textContent()).toBe(`${(size / 1000).toFixed(1)} kB`)
    expect(tab.requests.toSorted()).toEqual(['cells.svg', 'index.html', 'page.js', 'style.css'])
  })

  test('the ten test images are classified as in Node', async () => {
    expect(samples).toHaveLength(10)
    for (const { label, bytes } of samples) {
      await page.getByRole('radio', { name: label, exact: true }).check()
      const expected = classify(runner, model.metadata, new Uint8Array(Buffer.from(bytes, 'base64')))
      const got = await rows(page)
      expect(got.map(row => row.label)).toEqual(expected.map(row => row.label))
      got.forEach((row, i) => {
        expect(Math.abs(row.bits - expected[i]!.confidence)).toBeLessThan(1e-5)
      })
      expect(await says(page)).toContain(expected[0]!.label)
    }
  })

  test('a chosen picture is trimmed, inverted where its background is light, and shown as the network sees it', async () => {
    const png = await trousers(page)
    await page.locator('#file').setInputFiles({
      name: 'trousers.png',
      mimeType: 'image/png',
      buffer: Buffer.from(png, 'base64'),
    })
    await page.locator('#invert-field').waitFor()
    const picture = await seen(page)
    // 50 x 120 pixels become 28 high and 11.7 wide: legs of 4.7, from 8.2 and from 15.2 on.
    const legs = picture.slice(14 * 28, 15 * 28).flatMap((grey, x) => (grey > 150 ? [x] : []))
    expect(legs).toEqual([8, 9, 10, 11, 12, 15, 16, 17, 18, 19])
    expect([picture[0], picture[14 * 28]]).toEqual([0, 0])
    expect(await says(page)).toContain('Trouser')
    expect(await page.locator('#samples :checked').count()).toBe(0)

    await page.getByLabel('Inverted').uncheck()
    expect((await seen(page))[0]).toBe(255)
    await page.getByLabel('Inverted').check()
    expect(await seen(page)).toEqual(picture)
    for (const how of ['drop', 'paste'] as const) {
      await page.locator('#clear').click()
      expect(await seen(page)).toEqual(Array(28 * 28).fill(0))
      await hand(page, how, png)
      await page.locator('#invert-field').waitFor()
      expect(await seen(page), how).toEqual(picture)
    }
  })

  test('a file that is no image is refused by name, and what was there stays', async () => {
    const before = await seen(page)
    await page.locator('#file').setInputFiles({
      name: 'notes.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('no image'),
    })
    await page.getByRole('alert').filter({ hasText: 'notes.txt is no image' }).waitFor()
    expect(await seen(page)).toEqual(before)
  })

  test('a shape is drawn with the mouse and filled, and the eraser takes it away', async () => {
    await page.locator('#clear').click()
    expect(await page.getByRole('alert').textContent()).toBe('')
    const { x, y, width, height } = (await page.locator('#pad').boundingBox())!
    const drag = async (points: readonly (readonly [number, number])[]): Promise<void> => {
      const at = ([right, down]: readonly [number, number]) => [x + right * width, y + down * height] as const
      await page.mouse.move(...at(points[0]!))
      await page.mouse.down()
      for (const point of points.slice(1)) await page.mouse.move(...at(point))
      await page.mouse.up()
    }
    const corners = [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.75, 0.75],
      [0.25, 0.75],
    ] as const
    await drag(corners)
    const drawn = await seen(page)
    expect(drawn[14 * 28 + 14]).toBe(0xd4)
    expect(drawn.filter(grey => grey > 100).length).toBeGreaterThan(14 * 14 - 1)
    expect(drawn[0]).toBe(0)
    expect(await page.locator('#pad').getAttribute('aria-label')).toBe('Drawing pad: your drawing')

    await page.getByRole('radio', { name: 'Eraser' }).check()
    await drag([
      [0, 0.5],
      [1, 0.5],
    ])
    expect((await seen(page))[14 * 28 + 14]).toBe(0)
  })

  test('everything is reached and done by keyboard, and the answer is said', async () => {
    await page.reload()
    await measured(page)
    const order: string[] = []
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab')
      order.push(
        await page.evaluate(`(() => {
          const { id, name, ariaLabel, tagName } = document.activeElement
          return id || name || ariaLabel || tagName
        })()`),
      )
    }
    expect(order).toEqual([
      'sample',
      'tool',
      'clear',
      'file',
      'load-float',
      'measure',
      'Picture of the cells, scrolls',
      'SUMMARY',
    ])
    await page.keyboard.press('Enter')
    expect(await page.getByRole('row', { name: '0 to 1' }).textContent()).toContain(model.metadata.genotype!.normal[4])

    for (let i = 0; i < 7; i++) await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('ArrowRight')
    expect(await page.locator('#samples label:has(:checked)').textContent()).toBe(samples[1]!.label)
    await page
      .locator('#spoken')
      .filter({ hasText: await says(page) })
      .waitFor()
    expect(await page.locator('#seen').getAttribute('aria-label')).toContain(samples[1]!.label)
  })

  test('the float network is loaded when it is asked for, and answers beside it', async () => {
    expect(tab.requests).not.toContain('float.js')
    expect(await page.getByRole('columnheader', { name: 'float' }).count()).toBe(0)
    await page.locator('#load-float').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('columnheader', { name: 'float' }).waitFor()
    await measured(page)
    expect(tab.requests).toContain('float.js')
    expect(await page.locator('#time-float').textContent()).toMatch(/^float: [\d.]+ ms, [\d.]+ times as (long|fast)$/)
    expect(await page.evaluate('document.activeElement.id')).toBe('measure')

    const { InferenceSession, Tensor } = await import('onnxruntime-web')
    const session = await InferenceSession.create(readFileSync(join(root, 'model/parent.onnx')))
    const { mean, std } = model.metadata.normalization
    const bytes = Buffer.from(samples[1]!.bytes, 'base64')
    const images = Float32Array.from(bytes, byte => (byte / 255 - mean[0]!) / std[0]!)
    const { scores } = await session.run({ images: new Tensor('float32', images, [1, 1, 28, 28]) })
    const powers = Array.from(scores!.data as Float32Array, Math.exp)
    const sum = powers.reduce((total, power) => total + power, 0)
    for (const { label, float } of await rows(page))
      expect(float).toBeCloseTo(powers[model.metadata.classes.indexOf(label)]! / sum, 5)
  })

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('%s, %i pixels wide: accessible, and nothing is cut off', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.bar')).transitionDuration`)).toBe('0s')
  })

  test('any static server will do', async () => {
    const { url, server } = await serve(join(root, 'dist'))
    const { page: served, complaints } = await openTab(browser, url, {})
    expect(await says(served)).toContain((await rows(served))[0]!.label)
    await served.close()
    server.close()
    expect(complaints).toEqual([])
  })

  test('the console has said nothing, and nothing was asked of other hosts', () => {
    expect(tab.complaints).toEqual([])
  })
})
