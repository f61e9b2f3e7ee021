import { nodeModule } from '../node.js'
import { relaxed as relaxedBuild, simd as simdBuild } from './embedded.generated.js'

interface V8 {
  setFlagsFromString(flag: string): void
}

const v8 = (): V8 | undefined => nodeModule<V8>('v8')

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))

/** Whether WebAssembly accepts the build with relaxed SIMD here. Node 20 does once V8 is told to; later versions may not know the flag. */
export const hasRelaxedSimd = (): boolean => {
  const bytes = bytesOf(relaxedBuild)
  if (WebAssembly.validate(bytes)) return true
  const flags = v8()
  flags?.setFlagsFromString('--experimental-wasm-relaxed-simd')
  return flags !== undefined && WebAssembly.validate(bytes)
}

/** The kernels, compiled. Rejects where WebAssembly lacks SIMD. */
export const compileKernels = (relaxed: boolean): Promise<WebAssembly.Module> =>
  WebAssembly.compile(bytesOf(relaxed ? relaxedBuild : simdBuild))
