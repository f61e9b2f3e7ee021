import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Names every module that is loaded on the standard error. */
const loader = 'export const load = (url, context, next) => { process._rawDebug(url); return next(url, context) }'
const dataUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`
const hook = dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(dataUrl(loader))})`)

const loaded = (...args: readonly string[]): readonly string[] => {
  const main = join(import.meta.dirname, '../dist/main.js')
  const { status, stderr } = spawnSync(process.execPath, ['--import', hook, main, ...args], { encoding: 'utf8' })
  expect(status).toBe(0)
  return stderr.split('\n').filter(url => url.startsWith('file:'))
}

test('the help and the version load no command and no other package than core', () => {
  for (const option of ['--help', '--version'])
    expect(
      loaded(option).filter(url => /\/packages\/(?!cli|core)|\/cli\/dist\/commands\/(?!summaries)/.test(url)),
    ).toEqual([])
})

test('a command loads nothing that only another one needs', () => {
  const backends = loaded('backends', '--help')
  expect(backends.some(url => url.includes('/packages/backends/'))).toBe(true)
  expect(backends.filter(url => /\/packages\/(data|training|search|report|experiments)\//.test(url))).toEqual([])
  // Libraries for plots and graphs are loaded where something is drawn.
  expect(loaded('train', '--help').filter(url => /\/(echarts|@viz-js)\//.test(url))).toEqual([])
})
