import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly description?: string
  readonly keywords?: readonly string[]
  readonly license?: string
  readonly type?: string
  readonly engines?: { readonly node?: string }
  readonly files?: readonly string[]
  readonly publishConfig?: { readonly access?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly packageManager?: string
}

const manifestIn = (directory: string): Manifest => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))

/** Every package that is for others. */
export const packages: readonly Manifest[] = readdirSync(join(root, 'packages'))
  .map(name => join(root, 'packages', name))
  .filter(directory => existsSync(join(directory, 'package.json')))
  .map(manifestIn)
  .filter(manifest => manifest.private !== true)

export const licence = readFileSync(join(root, 'LICENSE'), 'utf8')

/** The name of the file that a package is packed into. */
export const tarballOf = ({ name, version }: Manifest): string =>
  `${name.replace('@', '').replace('/', '-')}-${version}.tgz`

/** Runs the pnpm that this repository names; throws with what it prints. */
export const pnpm = async (args: readonly string[], cwd = root): Promise<void> => {
  const run = promisify(execFile)('npx', ['--yes', manifestIn(root).packageManager!, ...args], { cwd })
  await run.catch(({ stdout, stderr }) => {
    throw new Error(`pnpm ${args.join(' ')}\n${stdout}${stderr}`)
  })
}

/** Packs every package as it would be published. */
export const packInto = (directory: string): Promise<void> =>
  pnpm(['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', directory])
