import { randomInt } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { kernelCases } from '../../packages/backends/test/kernel-cases.js'
import { absent } from './chromium.js'
import { openPage } from './open-page.js'
import type { Outcome } from './page.js'

/** Of every property in the page; CPNAS_SEED repeats a run. */
const seed = Number(process.env.CPNAS_SEED ?? randomInt(2 ** 31))

if (absent !== undefined) console.warn(`SKIPPED tfjs-webgpu in Chromium: ${absent}`)
else console.info(`Properties in Chromium: CPNAS_SEED=${seed}`)

describe.skipIf(absent !== undefined)('tfjs-webgpu in Chromium', async () => {
  if (absent !== undefined) {
    test(`tfjs-webgpu in Chromium: ${absent}`)
    return
  }
  const { call, complaints, close } = await openPage()
  afterAll(close)

  const holds = ({ failure }: Outcome): void => {
    if (failure !== undefined) throw new Error(`${failure}\nRepeat with CPNAS_SEED=${seed}`)
  }

  test('its adapter is the software one of Chromium', async () => {
    expect(await call('adapter')).toMatchObject({ software: true, architecture: 'swiftshader' })
  })

  test('@cpnas/backends, binarize and indicator compute there', async () => {
    expect(await call('packages')).toEqual({ mean: 3, scale: [2, 3] })
  })

  test.each(kernelCases.map(([name]) => name))('%s equals reference within the bound of float32', async name => {
    holds(await call('kernel', name, { seed, numRuns: 8 }))
  })

  test('every kernel that a Child or a Parent calls in two steps computes what reference computes of the same operands', async () => {
    holds(await call('network', { seed, numRuns: 1 }))
  })

  test('nothing was complained about, and nothing asked for outside', () => {
    expect(complaints).toEqual([])
  })
})
