import { type CpnasError, cpnasError } from '@cpnas/core'
import { left, right } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Geometry, inputShape, outputShape } from '../../geometry.js'
import { referenceKernels } from '../../reference/kernels.js'
import { sizeOf } from '../../shape.js'
import { libraryNames, type OneDnn, openLibrary } from './library.js'
import { plansOf } from './plan.js'
import type { Values } from './versions.js'

/** A library that was found and computes right. */
export interface FoundLibrary {
  readonly name: string
  /** E.g. `oneDNN 2.6.3`. */
  readonly version: string
  /** Whether products of bfloat16 values are fast on this processor, and right. */
  readonly bfloat16: boolean
}

/** A convolution as plans of float32, and as plans of bfloat16 compute it. */
const samples: Readonly<Record<Values, Geometry>> = {
  float32: {
    ...{ batch: 2, inHeight: 6, inWidth: 5, inChannels: 3, outHeight: 3, outWidth: 3, outChannels: 4 },
    ...{ kernelHeight: 3, kernelWidth: 3, stride: 2, dilation: 1, padTop: 1, padLeft: 1 },
  },
  bfloat16: {
    ...{ batch: 2, inHeight: 6, inWidth: 5, inChannels: 16, outHeight: 6, outWidth: 5, outChannels: 4 },
    ...{ kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1, padTop: 1, padLeft: 1 },
  },
}

/** Values of both signs that do not cancel in sums: multiples of 1/8, which are bfloat16. */
const wave = (length: number, step: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.round(8 * Math.sin(1 + i * step)) / 8)

/** bfloat16 values in as many bytes. */
const narrowed = (values: Float32Array): Uint16Array =>
  Uint16Array.from(new Uint32Array(values.buffer), bits => bits >>> 16)

const close = (a: Float32Array, b: ArrayLike<number>): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) < 1e-4)

/** Whether a small convolution and its gradients are what the reference engine gives, of such values. */
export const computesRight = async (library: OneDnn, values: Values = 'float32'): Promise<boolean> => {
  const sample = samples[values]
  const narrow = values === 'bfloat16'
  const plans = plansOf(library, { bfloat16: narrow })(sample, 1)
  if (plans?.values !== values) return false
  const { layouts } = plans
  const plan = plans.of(sample.batch)
  const filterShape = [sample.kernelHeight, sample.kernelWidth, sample.inChannels, sample.outChannels]
  const x = wave(sizeOf(inputShape(sample)), 0.7)
  const w = wave(sizeOf(filterShape), 1.3)
  const dy = wave(sizeOf(outputShape(sample)), 2.1)
  const [givenX, givenDy] = narrow ? [narrowed(x), narrowed(dy)] : [x, dy]
  const [y, dx, dw] = [dy, x, w].map(({ length }) => new Float32Array(length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const [forward, sourceGradient, filterGradient] = [
    layouts.forward,
    layouts.sourceGradient,
    layouts.filterGradient,
  ].map(({ bytes }) => new Float32Array(Math.ceil(bytes / 4)))
  layouts.forward.reorder(w, forward)
  plan.forward(givenX, forward, y)
  layouts.sourceGradient.reorder(w, sourceGradient)
  plan.sourceGradient(givenDy, sourceGradient, dx)
  plan.filterGradient(givenX, givenDy, filterGradient)
  layouts.filterGradient.reorder(filterGradient, dw)

  const k = referenceKernels()
  const images = k.fromValues(x, inputShape(sample))
  const filters = k.fromValues(w, filterShape)
  const plain = { activation: 'identity' } as const
  const gradient = { dy: k.fromValues(dy, outputShape(sample)) }
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
      if (await computesRight(library)) {
        const bfloat16 = library.fastBfloat16 && (await computesRight(library, 'bfloat16'))
        return { name, version: library.version, bfloat16 }
      }
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
