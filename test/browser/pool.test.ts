import { rmSync } from 'node:fs'
import { createRunner, encode } from '@cpnas/packed'
import fc from 'fast-check'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { cases } from '../../packages/packed/test/support/programs.js'
import { buildPage } from './build-page.js'
import { absent, launch } from './chromium.js'
import type { PoolScores } from './pool-page.js'
import { serve } from './serve.js'

if (absent !== undefined) console.warn(`SKIPPED threads of @cpnas/packed in Chromium: ${absent}`)

/** What a page has to be served with to have shared memory. */
const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

const count = 5
const examples = fc.sample(cases(count), { numRuns: 10, seed: 1 })

describe.skipIf(absent !== undefined)('threads of @cpnas/packed in Chromium', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    if (absent !== undefined) return
    folder = await buildPage('pool-page.ts')
    browser = await launch()
    return async () => {
      await browser.close()
      rmSync(folder, { recursive: true })
    }
  })

  test.each([
    ['a cross-origin isolated page', isolated, 2],
    ['any other page', {}, 1],
  ])('%s: the scores are those of Node', async (_, headers, threads) => {
    const { url, server } = await serve(folder, headers)
    const tab = await browser.newPage()
    const complaints: string[] = []
    tab.on('console', message => complaints.push(message.text()))
    tab.on('pageerror', error => complaints.push(error.message))
    await tab.goto(url)
    for (const [model, images] of examples) {
      const expected = Array.from((await createRunner(model, { loop: 'lookup' })).scores(images, count))
      const found = await tab.evaluate(
        args => (globalThis as unknown as { readonly poolScores: PoolScores }).poolScores(...args),
        [Array.from(encode(model)), Array.from(images), count, 2] as Parameters<PoolScores>,
      )
      expect(found).toEqual({ threads, scores: expected })
    }
    await tab.close()
    server.close()
    expect(complaints).toEqual([])
  })
})
