import { type CpnasError, cpnasError } from '@cpnas/core'
import { left, right } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Geometry } from '../../geometry.js'
import { referenceKernels } from '../../reference/kernels.js'
import { libraryNames, type OneDnn, openLibrary } from './library.js'
import { plansOf } from './plan.js'

/** A library that was found and computes right. */
export interface FoundLibrary {
  readonly name: string
  /** E.g. `oneDNN 2.6.3`. */
  readonly version: string
}

const sample: Geometry = {
  ...{ batch: 2, inHeight: 6, inWidth: 5, inChannels: 3, outHeight: 3, outWidth: 3, outChannels: 4 },
  ...{ kernelHeight: 3, kernelWidth: 3, stride: 2, dilation: 1, padTop: 1, padLeft: 1 },
}

/** Values of both signs that do not cancel in sums. */
const wave = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + i * step))

const close = (a: Float32Array, b: ArrayLike<number>): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) < 1e-4)

/** Whether a small convolution and its gradients are what the reference engine gives. */
export const computesRight = async (library: OneDnn): Promise<boolean> => {
  const plans = plansOf(library)(sample, 1)
  if (plans === undefined) return false
  const { layouts } = plans
  const plan = plans.of(sample.batch)
  const x = wave(180, 0.7)
  const w = wave(108, 1.3)
  const dy = wave(72, 2.1)
  const [y, dx, dw] = [72, 180, 108].map(length => new Float32Array(length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const [forward, sourceGradient, filterGradient] = [
    layouts.forward,
    layouts.sourceGradient,
    layouts.filterGradient,
  ].map(({ bytes }) => new Float32Array(bytes / 4))
  layouts.forward.reorder(w, forward)
  plan.forward(x, forward, y)
  layouts.sourceGradient.reorder(w, sourceGradient)
  plan.sourceGradient(dy, sourceGradient, dx)
  plan.filterGradient(x, dy, filterGradient)
  layouts.filterGradient.reorder(filterGradient, dw)

  const k = referenceKernels()
  const images = k.fromValues(x, [2, 6, 5, 3])
  const filters = k.fromValues(w, [3, 3, 3, 4])
  const plain = { activation: 'identity' } as const
  const gradient = { dy: k.fromValues(dy, [2, 3, 3, 4]) }
  const { input, filters: toFilters } = k.conv2dGrad(gradient, filters, images, sample, plain, {
    input: {},
    filters: true,
  })
  return (
    close(y, await k.read(k.conv2d(images, filters, sample, plain))) &&
    close(dx, await k.read(input!)) &&
    close(dw, await k.read(toFilters!))
  )
}

const unavailable = (problem: string, remedy: string): CpnasError =>
  cpnasError('BackendUnavailable', 'onednn', problem, remedy)

const howToInstall =
  process.platform === 'darwin'
    ? 'Install it: brew install onednn'
    : process.platform === 'win32'
      ? 'Put the dnnl.dll of a oneDNN release on the PATH'
      : 'Install it, e.g. apt-get install libdnnl2 (Debian 12), libdnnl3.6 (Debian 13) or libdnnl3 (Ubuntu 24.04)'

const firstLine = (error: unknown): string => (error as Error).message.split('\n')[0]!

/** The first of `names` that opens and computes right. */
const findAmong = async (names: readonly string[]): Promise<FoundLibrary | CpnasError> => {
  const problems: string[] = []
  for (const name of names)
    try {
      const library = await openLibrary(name)
      if (await computesRight(library)) return { name, version: library.version }
      problems.push(`${library.version} (${name}) computes a convolution wrong`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
        return unavailable('the package koffi is not installed', 'Install it: npm install koffi')
      // Most of these names do not exist on a given machine.
      if (!/cannot open|no such file|not found|failed to load/i.test(firstLine(error))) problems.push(firstLine(error))
    }
  return problems.length > 0
    ? unavailable(problems.join('; '), 'Install another version of it')
    : unavailable(`there is no oneDNN library (${names[0]} or another version)`, howToInstall)
}

/**
 * Looks for oneDNN under the names that package managers give it, or under these names, and checks its convolutions. Left:
 * BackendUnavailable, with the way to install it.
 */
export const findLibrary =
  (names = libraryNames): TaskEither<CpnasError, FoundLibrary> =>
  async () => {
    const found = await findAmong(names)
    return '_tag' in found ? left(found) : right(found)
  }
