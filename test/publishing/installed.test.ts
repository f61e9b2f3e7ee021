import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import type { Finished } from '../support/cli.js'
import { writeGenotype } from '../support/genotype.js'
import { tiny } from '../support/settings.js'
import { bundle } from './bundle.js'
import { packages, packInto } from './pack.js'
import { install } from './project.js'

const directory = mkdtempSync(join(tmpdir(), 'cpnas-installed-test-'))
afterAll(() => rmSync(directory, { recursive: true }))

const commandLine = '@cpnas/cli'
const libraries = packages.filter(({ name }) => name !== commandLine)
const pagePackages = libraries.filter(({ keywords }) => keywords!.includes('browser'))

const tarballs = join(directory, 'tarballs')
await packInto(tarballs)
// The command line brings packages that are optional for the libraries: these have to do without.
const [withLibraries, withCommandLine] = await Promise.all([
  install(join(directory, 'libraries'), libraries, tarballs),
  install(
    join(directory, 'command-line'),
    packages.filter(({ name }) => name === commandLine),
    tarballs,
  ),
])
const projectWith = (name: string) => (name === commandLine ? withCommandLine : withLibraries)

const done: Finished = { code: 0, out: expect.any(String), err: '' }

describe.each(packages)('$name, in plain Node', ({ name }) => {
  const project = projectWith(name)

  test('is imported', async () => {
    const program = `if (Object.keys(await import('${name}')).length === 0) throw new Error('it exports nothing')`
    expect(await project.run(process.execPath, '--input-type=module', '--eval', program)).toEqual(done)
  })

  test('does what its README shows', async () => {
    const readme = readFileSync(join(project.directory, 'node_modules', name, 'README.md'), 'utf8')
    const [, example] = /```ts\n(.*?)```/s.exec(readme)!
    // Where examples keep files.
    mkdirSync(join(project.directory, 'run'), { recursive: true })
    expect(await project.run(process.execPath, '--input-type=module', '--eval', example!)).toEqual(done)
  })
})

const bundler = { module: 'ESNext', moduleResolution: 'Bundler' }
test.each([
  ['libraries in Node', withLibraries, libraries, { module: 'NodeNext', types: ['node'] }],
  ['libraries for a bundler', withLibraries, libraries, { ...bundler, types: ['node'] }],
  ['libraries for a page', withLibraries, pagePackages, { ...bundler, types: [], customConditions: ['browser'] }],
  ['the command line', withCommandLine, [{ name: commandLine }], { module: 'NodeNext', types: ['node'] }],
])(
  'TypeScript, strict, checks a program and every declaration that it meets: %s',
  async (_, project, imported, options) => {
    const uses = imported.map(({ name }, i) => `import * as x${i} from '${name}'\nexport const y${i}: object = x${i}`)
    const misuses = imported.map((_, i) => `// @ts-expect-error: there are types\nx${i}.nothing`)
    project.write('program.ts', [...uses, ...misuses].join('\n'))
    project.write('tsconfig.json', {
      compilerOptions: { ...options, strict: true, target: 'ES2022', skipLibCheck: false, noEmit: true },
      files: ['program.ts'],
    })
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
    const { code, out } = await project.run(process.execPath, tsc)
    expect({ code, out }).toEqual({ code: 0, out: '' })
  },
)

test.each(pagePackages)('$name, which says so, goes into a page', async ({ name }) => {
  withLibraries.write('page.js', `import * as module from '${name}'\nconsole.log(module)`)
  const { code, imports } = await bundle(join(withLibraries.directory, 'page.js'))
  expect(code).not.toBe('')
  expect(imports).toEqual([])
})

test('@cpnas/packed takes less than 40 kB of a page, compressed', async () => {
  withLibraries.write(
    'page.js',
    "import { classify, createPool, createRunner, from } from '@cpnas/packed'\nconsole.log(classify, createPool, createRunner, from)",
  )
  const { code } = await bundle(join(withLibraries.directory, 'page.js'))
  const { length } = gzipSync(code)
  expect(length).toBeGreaterThan(15_000)
  expect(length).toBeLessThan(40_000)
})

describe('npx cpnas', () => {
  const cpnas = (...args: readonly string[]): Promise<Finished> =>
    withCommandLine.run('npx', '--no', 'cpnas', '--', ...args)

  test('says its version', async () => {
    expect(await cpnas('--version')).toMatchObject({ code: 0, out: `${packages[0]!.version}\n` })
  })

  test('shows a genotype', async () => {
    const { code, out } = await cpnas('show', writeGenotype(directory))
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('sep_conv_3x3') })
  })

  test('searches', async () => {
    expect(await cpnas('search', '--out', 'searched', ...tiny)).toMatchObject({ code: 0 })
    expect(existsSync(join(withCommandLine.directory, 'searched/genotype.json'))).toBe(true)
  })

  test('says how to add the engines of GPUs, which are not installed with it', async () => {
    const { code, out } = await cpnas('backends', '--json', '--no-measure')
    const engines = JSON.parse(out) as readonly { name: string; reason: string }[]
    const { reason } = engines.find(({ name }) => name === 'tfjs-webgpu')!
    expect(reason).toMatch(
      /^its packages are not installed .* Install them: npm install @tensorflow\/tfjs-core .*webgpu/,
    )
    expect(code).toBe(0)
  })

  test('and all that it depends on take less than 60 MB', () => {
    const store = join(withCommandLine.directory, 'node_modules/.pnpm')
    const bytes = readdirSync(store, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
    expect(bytes / 1e6).toBeLessThan(60)
    console.log(bytes / 1e6)
  })
})
