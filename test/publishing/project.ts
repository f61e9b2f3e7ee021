import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Finished, watch } from '../support/cli.js'
import { type Manifest, packages, pnpm, tarballOf } from './pack.js'

/** A user's project that has some of the packages. */
export interface Project {
  readonly directory: string
  readonly write: (file: string, content: string | object) => void
  readonly run: (command: string, ...args: readonly string[]) => Promise<Finished>
}

/** Makes a directory a project and installs packages from tarballs, with what they depend on and nothing else. */
export const install = async (
  directory: string,
  installed: readonly Manifest[],
  tarballs: string,
): Promise<Project> => {
  const write = (file: string, content: string | object): void => {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  const addresses = (of: readonly Manifest[]): object =>
    Object.fromEntries(of.map(manifest => [manifest.name, `file:${join(tarballs, tarballOf(manifest))}`]))
  write('package.json', {
    private: true,
    type: 'module',
    dependencies: addresses(installed),
    // As everyone has it who writes TypeScript for Node.
    devDependencies: { '@types/node': '^20.19.0' },
    // What the packages need of each other cannot come from a registry yet.
    pnpm: { overrides: addresses(packages) },
  })
  // Without hoisting a package finds what it declares and nothing else.
  await pnpm(['install', '--ignore-workspace', '--config.hoist=false', '--prefer-offline'], directory)
  return {
    directory,
    write,
    run: (command, ...args) => watch(spawn(command, args, { cwd: directory })),
  }
}
