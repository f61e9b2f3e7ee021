import { type CpnasError, cpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { importHidden, importModules, webgpuPackages } from './modules.js'

interface Dawn {
  readonly create: (options: readonly string[]) => GPU
  readonly globals: Readonly<Record<string, unknown>>
}

const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined

/** `navigator.gpu`, from the runtime or set by the application. */
export const existingGpu = (): GPU | undefined =>
  (globalThis as { readonly navigator?: { readonly gpu?: GPU } }).navigator?.gpu

/** TensorFlow.js looks for `navigator.gpu` and the classes of WebGPU among the globals. A navigator that is there stays. */
const install = ({ create, globals }: Dawn): GPU => {
  for (const [name, value] of Object.entries(globals))
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  const gpu = create([])
  const { navigator } = globalThis as { readonly navigator?: object }
  if (navigator) Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true })
  else
    Object.defineProperty(globalThis, 'navigator', {
      // TensorFlow.js asks for it.
      value: { gpu, userAgent: `Node.js/${process.versions.node.split('.')[0]}` },
      configurable: true,
      writable: true,
    })
  return gpu
}

/**
 * `navigator.gpu` where there is one (browsers, Deno); in Node that of the npm package `webgpu` (Dawn), from then on
 * also in `navigator.gpu`. Left: neither is there.
 */
export const findGpu: TE.TaskEither<CpnasError, GPU> = pipe(
  TE.fromIO(existingGpu),
  TE.flatMap(gpu => {
    if (gpu) return TE.right(gpu)
    return isNode
      ? pipe(
          importModules('tfjs-webgpu', webgpuPackages, () => importHidden<Dawn>('webgpu')),
          TE.map(install),
        )
      : TE.left(
          cpnasError(
            'BackendUnavailable',
            'tfjs-webgpu',
            'this browser has no WebGPU (there is no navigator.gpu)',
            'Use a browser with WebGPU, over https or on localhost',
          ),
        )
  }),
)
