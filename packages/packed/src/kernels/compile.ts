import { nodeModule } from '../node.js'
import { relaxed as relaxedBuild, simd as simdBuild } from './embedded.generated.js'

interface V8 {
  setFlagsFromString(flag: string): void
}

const v8 = (): V8 | undefined => nodeModule<V8>('v8')

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))

/** Whether WebAssembly takes the build with relaxed SIMD here. In Node 20 it does once V8 is told to. */
export const hasRelaxedSimd = (): boolean => {
  v8()?.setFlagsFromString('--experimental-wasm-relaxed-simd')
  return WebAssembly.validate(bytesOf(relaxedBuild))
}

/**
 * The kernels, compiled. Rejects where WebAssembly lacks SIMD. Node's compiler optimizes at once: the baseline's code is several
 * times slower, and a kernel is called too rarely to leave it soon.
 */
export const compileKernels = async (relaxed: boolean): Promise<WebAssembly.Module> => {
  const flags = v8()
  flags?.setFlagsFromString('--no-wasm-lazy-compilation')
  flags?.setFlagsFromString('--no-liftoff')
  try {
    return await WebAssembly.compile(bytesOf(relaxed ? relaxedBuild : simdBuild))
  } finally {
    flags?.setFlagsFromString('--liftoff')
  }
}
