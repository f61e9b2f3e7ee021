import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Classification, encode, load, type PackedModel } from '@cpnas/packed'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { beforeAll, describe, expect, test } from 'vitest'
import { png } from '../support/image-folder.js'
import { absent, launch } from './chromium.js'
import { serve } from './serve.js'

if (absent !== undefined) console.warn(`SKIPPED predict of @cpnas/packed in Chromium: ${absent}`)

/** Of predict-page.mjs. */
type Predictions = (
  model: string,
  picture: string,
) => Promise<{ readonly found: Readonly<Record<string, readonly Classification[]>>; readonly error: unknown }>

/** Scores are the means of the channels. */
const model: PackedModel = {
  metadata: { classes: ['red', 'green', 'blue'], normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } },
  program: {
    image: { height: 8, width: 8, channels: 3 },
    steps: [
      {
        kind: 'classifier',
        inputs: [0],
        weights: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
        bias: new Float32Array(3),
      },
    ],
  },
}

describe.skipIf(absent !== undefined)('predict of @cpnas/packed in Chromium', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    if (absent !== undefined) return
    folder = mkdtempSync(join(tmpdir(), 'cpnas-predict-page-test-'))
    writeFileSync(
      join(folder, 'index.html'),
      '<!doctype html><title>predict</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>',
    )
    await build({
      configFile: false,
      logLevel: 'warn',
      root: import.meta.dirname,
      base: './',
      build: {
        outDir: folder,
        emptyOutDir: false,
        target: 'esnext',
        rolldownOptions: {
          input: join(import.meta.dirname, 'predict-page.mjs'),
          output: { entryFileNames: 'page.js' },
        },
      },
    })
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
