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

const executable = named === undefined ? candidates.find(existsSync) : [named].find(existsSync)

/** Why the tests in a browser are skipped, if they are: there is no Chromium, or `CPNAS_CHROMIUM=none`. */
export const absent: string | undefined =
  named === 'none'
    ? 'CPNAS_CHROMIUM=none'
    : executable === undefined && named === undefined
      ? 'there is no Chromium; install it (on Debian: apt-get install chromium), or name it: CPNAS_CHROMIUM=/path/to/chrome'
      : undefined

const executablePath = (): string => {
  if (executable === undefined) throw new Error(`CPNAS_CHROMIUM: there is no ${named}`)
  return executable
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
  chromium.launch({ executablePath: executablePath(), headless: true, chromiumSandbox: false, args: flags })
