/** The float network, its engine within: a script of its own, for it is large. */
import type { ImageSize } from '@cpnas/packed'
import { base64 as wasm } from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?gzip'
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import { base64 as network } from '../model/parent.onnx?gzip'
import { fromBase64 } from './base64.js'

export interface FloatNetwork {
  /** Scores of a normalized image [height, width, channels]. */
  readonly scores: (image: Float32Array) => Promise<Float32Array>
}

const unpack = async (base64: string): Promise<Uint8Array> => {
  const packed = new Blob([fromBase64(base64)]).stream()
  return new Uint8Array(await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer())
}

const channelsFirst = (image: Float32Array, { height, width, channels }: ImageSize): Float32Array =>
  channels === 1
    ? image
    : Float32Array.from(image, (_, i) => image[(i % (height * width)) * channels + Math.floor(i / (height * width))]!)

/** Starts ONNX Runtime on one thread, as the 1-bit network has. */
export const open = async (image: ImageSize): Promise<FloatNetwork> => {
  env.wasm.numThreads = 1
  env.wasm.wasmBinary = await unpack(wasm)
  const session = await InferenceSession.create(await unpack(network), { executionProviders: ['wasm'] })
  const shape = [1, image.channels, image.height, image.width]
  return {
    scores: async pixels => {
      const { scores } = await session.run({ images: new Tensor('float32', channelsFirst(pixels, image), shape) })
      return scores!.data as Float32Array
    },
  }
}
