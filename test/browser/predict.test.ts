import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Classification, encode, load } from '@cpnas/packed'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { colourModel } from '../../packages/packed/test/support/colour-model.js'
import { png } from '../support/image-folder.js'
import { buildPage } from './build-page.js'
import { absent, launch } from './chromium.js'
import { serve } from './serve.js'

if (absent !== undefined) console.warn(`SKIPPED predict of @cpnas/packed in Chromium: ${absent}`)

/** Of predict-page.mjs. */
type Predictions = (
  model: string,
  picture: string,
) => Promise<{ readonly found: Readonly<Record<string, readonly Classification[]>>; readonly error: unknown }>

const model = colourModel('red', 'green', 'blue')

describe.skipIf(absent !== undefined)('predict of @cpnas/packed in Chromium', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    if (absent !== undefined) return
    folder = await buildPage('predict-page.mjs')
    browser = await launch()
    return async () => {
      await browser.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('every form of a picture is taken for what Node takes it for', async () => {
    const picture = png(60, 41, [200, 90, 30], [10, 60, 250])
    writeFileSync(join(folder, 'model.cpnas'), encode(model))
    writeFileSync(join(folder, 'picture.png'), picture)
    const { url, server } = await serve(folder)
    const tab = await browser.newPage()
    const complaints: string[] = []
    tab.on('pageerror', error => complaints.push(error.message))
    await tab.goto(url)
    const { found, error } = await tab.evaluate(
      args => (globalThis as unknown as { readonly predictions: Predictions }).predictions(...args),
      ['model.cpnas', 'picture.png'] as Parameters<Predictions>,
    )
    const { predict } = await load(encode(model))
    const expected = await predict(picture)
    const { frame, ...exact } = found
    for (const form of Object.values(exact)) expect(form).toEqual(expected)
    expect(Object.keys(exact)).toHaveLength(7)
    // A frame of a video may be kept as luma and colour differences.
    expect(frame!.map(({ label }) => label)).toEqual(expected.map(({ label }) => label))
    expect(error).toContain('the picture has no pixels yet')
    await tab.close()
    server.close()
    expect(complaints).toEqual([])
  })
})
