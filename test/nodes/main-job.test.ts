import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Metrics } from '@cpnas/model'
import { afterAll, describe, expect, test } from 'vitest'
import { packages, packInto } from '../publishing/pack.js'
import { install } from '../publishing/project.js'
import { watch } from '../support/cli.js'
import { json } from '../support/files.js'
import { writeImageFolder } from '../support/image-folder.js'
import { tiny, tinyTraining } from '../support/settings.js'
import { findNode, testedNodes } from './versions.js'

const directory = mkdtempSync(join(tmpdir(), 'cpnas-nodes-test-'))
afterAll(() => rmSync(directory, { recursive: true }))

const tarballs = join(directory, 'tarballs')
await packInto(tarballs)
const commandLine = packages.filter(({ name }) => name === '@cpnas/cli')
const project = await install(join(directory, 'project'), commandLine, tarballs)
const executable = join(project.directory, 'node_modules/@cpnas/cli/bin/cpnas.js')
const pictures = join(directory, 'pictures')
writeImageFolder(pictures, 8)

const nodes = new Map<string, string>()
for (const version of testedNodes) nodes.set(version, await findNode(version))

/** Two threads: what only newer versions do wrong is in the threads. */
const twoThreads = (options: readonly string[]): readonly string[] =>
  options.map((option, i) => (options[i - 1] === '--threads' ? '2' : option))

const evaluations = new Map<string, unknown>()

describe.each(testedNodes)('Node %s', version => {
  const node = nodes.get(version)!
  const cpnas = (...args: readonly string[]) => project.run(node, executable, ...args)
  const at = (name: string): string => join(directory, `node-${version}`, name)

  test('is what it says', async () => {
    const { out } = await project.run(node, '--version')
    expect(out).toMatch(new RegExp(`^v${version.replace('.', '\\.')}\\.`))
  })

  test('searches, trains, exports and evaluates, without a word of complaint', async () => {
    const search = await cpnas('search', '--out', at('search'), '--quiet', ...twoThreads(tiny))
    expect(search).toMatchObject({ code: 0, err: '' })
    expect(json(join(at('search'), 'genotype.json'))).toMatchObject({ space: 'cp-nas', nodes: 4 })

    const train = ['train', '--genotype', at('search'), '--out', at('train'), '--quiet', ...twoThreads(tinyTraining)]
    expect(await cpnas(...train)).toMatchObject({ code: 0, err: '' })
    const evaluation = json(join(at('train'), 'evaluation.json')) as { readonly best: Metrics }
    expect(evaluation.best.images).toBe(2000)
    evaluations.set(version, evaluation)

    expect(await cpnas('eval', at('train'), '--json', '--backend', 'wasm', '--threads', '2')).toMatchObject({
      code: 0,
      err: '',
      out: `${JSON.stringify(evaluation.best)}\n`,
    })
    expect(await cpnas('export', at('train'))).toMatchObject({ code: 0, err: '' })
    const packed = await cpnas('eval', join(at('train'), 'best.cpnas'), '--json', '--threads', '2')
    expect(packed).toMatchObject({ code: 0, err: '' })
    const { top1, confusion } = JSON.parse(packed.out) as Metrics
    expect([top1, confusion]).toEqual([evaluation.best.top1, evaluation.best.confusion])
  })

  test('takes pictures, times, reports, watches, and knows its engines', async () => {
    const folder = ['--data', pictures, '--share', '1', '--batch-size', '4', '--quiet']
    const train = ['train', '--genotype', at('search'), '--out', at('pictures'), ...tinyTraining, ...folder]
    expect(await cpnas(...train)).toMatchObject({ code: 0, err: '' })
    const bench = await cpnas('bench', join(at('train'), 'best.cpnas'), '--json', '--repeat', '3', '--threads', '2')
    expect(bench).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(bench.out)).toMatchObject({ choice: { relaxed: true } })
    const report = await cpnas('report', at('search'), at('train'), '--out', at('report.html'))
    expect(report).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(at('report.html'), 'utf8')).toContain('<svg')
    const { code, out } = await cpnas('backends', '--json', '--no-measure')
    expect(code).toBe(0)
    const engines = JSON.parse(out) as readonly { readonly name: string; readonly available: boolean }[]
    for (const engine of ['onednn', 'wasm', 'reference', 'tfjs-cpu'])
      expect(engines).toContainEqual(expect.objectContaining({ name: engine }))
    if (!engines.some(({ name, available }) => name === 'onednn' && available))
      return console.warn('SKIPPED onednn: its library is not installed')
    const evaluated = await cpnas('eval', at('train'), '--json', '--backend', 'onednn', '--threads', '2')
    expect(evaluated).toMatchObject({ code: 0, err: '' })
    const { images, loss } = JSON.parse(evaluated.out) as Metrics
    const { best } = evaluations.get(version) as { readonly best: Metrics }
    expect(images).toBe(best.images)
    expect(Math.abs(loss - best.loss)).toBeLessThan(0.02)
  })

  test('creates a page from pictures', async () => {
    const made = await cpnas(
      'create',
      pictures,
      '--minutes',
      '0.1',
      '--out',
      at('created'),
      '--threads',
      '2',
      '--quiet',
    )
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(at('created/index.html'), 'utf8')).toContain('tells apart 2 classes: blue, red.')
  })

  test('watches a run', async () => {
    const server = createServer().listen(0)
    const { port } = server.address() as AddressInfo
    await new Promise(resolve => server.close(resolve))
    const child = spawn(node, [executable, 'watch', at('train'), '--port', String(port)])
    const finished = watch(child)
    await new Promise(resolve => child.stdout.once('data', resolve))
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
    child.kill('SIGINT')
    expect(await finished).toMatchObject({ code: 0 })
  })
})

test('every version comes to the same bits', () => {
  expect(evaluations.size).toBe(testedNodes.length)
  expect(new Set([...evaluations.values()].map(value => JSON.stringify(value))).size).toBe(1)
})
