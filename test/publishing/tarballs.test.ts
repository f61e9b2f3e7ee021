import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, describe, expect, test } from 'vitest'
import { licence, type Manifest, packages, packInto, tarballOf } from './pack.js'

const directory = mkdtempSync(join(tmpdir(), 'cpnas-tarballs-test-'))
afterAll(() => rmSync(directory, { recursive: true }))
await packInto(directory)

describe.each(packages.map(manifest => ({ ...manifest, tarball: tarballOf(manifest) })))(
  '$name',
  ({ name, tarball }) => {
    const bytes = Uint8Array.from(readFileSync(join(directory, tarball)))
    const packed = createPackageFromTarballData(bytes)
    const home = `/node_modules/${name}/`
    const files = packed.listFiles().map(path => path.slice(home.length))
    const read = (file: string): string => packed.readFile(home + file)
    const manifest: Manifest = JSON.parse(read('package.json'))

    test('publint finds nothing', async () => {
      const { messages } = await publint({ pack: { tarball: bytes.buffer }, strict: true })
      expect(messages).toEqual([])
    })

    test('its types are those of its modules, for Node and for bundlers', async () => {
      const result = await checkPackage(packed)
      const problems = result.types ? result.problems : ['it has no types']
      // What `require` and resolution as of Node 10 find is no concern of modules.
      const old = /"resolution(Kind|Option)":"(node10|node16-cjs)"/
      expect(problems.filter(problem => !old.test(JSON.stringify(problem)))).toEqual([])
    })

    test('holds what it names, its README and the licence, and nothing of its making', () => {
      expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']))
      expect(read('LICENSE')).toBe(licence)
      const named = [...manifest.files!, 'package.json', 'README.md', 'LICENSE']
      expect(files.filter(file => !named.includes(file.split('/')[0]!))).toEqual([])
      expect(
        files.filter(file => /(^|\/)(test|node_modules|\.[^/]*)(\/|$)|\.test\.|\.tsbuildinfo$/.test(file)),
      ).toEqual([])
    })

    test('every map leads to a source that is there', () => {
      const lost = files
        .filter(file => file.endsWith('.map'))
        .flatMap(file => {
          const { sources } = JSON.parse(read(file)) as { readonly sources: readonly string[] }
          return sources.map(source => `${file}: ${posix.join(posix.dirname(file), source)}`)
        })
        .filter(line => !files.includes(line.split(': ')[1]!))
      expect(lost).toEqual([])
    })

    test('its README installs what its example imports, and says where it runs', () => {
      const readme = read('README.md')
      const [, example] = /```ts\n(.*?)```/s.exec(readme)!
      const [, installed] = /```sh\nnpm install (.*)/.exec(readme)!
      const imports = [...example!.matchAll(/from '(@cpnas\/[^']*)'/g)].map(([, imported]) => imported!)
      expect(installed!.split(' ')).toEqual(expect.arrayContaining([name, ...imports]))
      expect(readme).toMatch(manifest.keywords!.includes('browser') ? /browsers|pages/ : /For Node/)
    })

    test('says what it is, and what it needs', () => {
      expect(manifest).toMatchObject({
        description: expect.stringMatching(/./),
        keywords: expect.arrayContaining(['node']),
        license: 'Apache-2.0',
        type: 'module',
        version: packages[0]!.version,
        engines: { node: '>=20.19' },
        publishConfig: { access: 'public' },
      })
      const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest
      for (const [other, range] of Object.entries({ ...dependencies, ...peerDependencies }))
        expect(range, other).toMatch(other.startsWith('@cpnas/') ? `^${manifest.version}` : /^[~^]?\d/)
      for (const other of Object.keys(peerDependencies))
        expect(peerDependenciesMeta[other], other).toEqual({ optional: true })
    })
  },
)
