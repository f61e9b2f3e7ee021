import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const named = process.env.CPNAS_CHROMIUM

/** `CPNAS_CHROMIUM=none`: the tests in a browser are skipped, by name. */
export const skipsBrowser = named === 'none'

const executable = (): string => {
  const found = named ? [named].find(existsSync) : candidates.find(existsSync)
  if (found === undefined)
    throw new Error(
      `the tests in a browser need Chromium, and there is none at ${named ?? candidates.join(', ')}. Install it (on Debian: ` +
        'apt-get install chromium), or name it: CPNAS_CHROMIUM=/path/to/chrome, or skip them: CPNAS_CHROMIUM=none',
    )
  return found
}

/** Headless, with its own software GPU (SwiftShader), so that every machine computes the same; it fetches nothing by itself. */
const flags = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
]

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: executable(), headless: true, chromiumSandbox: false, args: flags })
