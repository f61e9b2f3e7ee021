import { type CpnasError, cpnasError } from '@cpnas/core'
import * as TE from 'fp-ts/lib/TaskEither.js'

const firstLine = (text: string): string =>
  text
    .trim()
    .split('\n')[0]!
    .replace(/\.? *$/, '')

/** Node reports a missing package with this code and a missing native library without a code; Vite reports it in the message. */
const isMissing = (thrown: unknown): boolean => {
  const { code, message } = thrown as { readonly code?: unknown; readonly message?: unknown }
  return code === 'ERR_MODULE_NOT_FOUND' || /^Could not resolve "/.test(String(message))
}

/** `import(name)` of a package that bundlers must not resolve: one for Node only, or absent at build time. */
export const importHidden = <M>(name: string): Promise<M> => import(/* @vite-ignore */ name) as Promise<M>

/** The packages of the engine tfjs-webgpu; browsers have the last one built in. */
export const webgpuPackages = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-webgpu',
  '@tensorflow/tfjs-backend-cpu',
  'webgpu',
] as const

/** How the problem begins where packages are missing. */
export const notInstalled = 'its packages are not installed'

/**
 * The modules of an engine. They are optional: where one is missing or broken, BackendUnavailable says how to install
 * `packages`.
 */
export const importModules = <M>(
  engine: string,
  packages: readonly string[],
  load: () => Promise<M>,
): TE.TaskEither<CpnasError, M> =>
  TE.tryCatch(load, thrown =>
    isMissing(thrown)
      ? cpnasError(
          'BackendUnavailable',
          engine,
          `${notInstalled} (${firstLine((thrown as Error).message).replace(/ imported from .*$/, '')})`,
          `Install them: npm install ${packages.join(' ')}`,
        )
      : cpnasError(
          'BackendUnavailable',
          engine,
          `its packages are installed but cannot be loaded (${firstLine(thrown instanceof Error ? thrown.message : String(thrown))})`,
          `Install them anew, with their install scripts allowed to fetch or build the native library: npm install --ignore-scripts=false ${packages.join(' ')}`,
        ),
  )
