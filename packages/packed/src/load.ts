import { type Classification, classify } from './classify.js'
import { from } from './from.js'
import { imageOf } from './picture.js'
import { bytesAt, type PictureSource, pixelsOf } from './pixels.js'
import type { PackedModel } from './program.js'
import type { RunnerOptions } from './runtime/choose-kernels.js'
import { createRunner } from './runtime/create-runner.js'

/** A network that is ready for pictures. */
export interface Network {
  readonly model: PackedModel
  /** All classes with their probabilities, the likeliest first. The picture is seen as the training's test images were. */
  readonly predict: (picture: PictureSource) => Promise<readonly Classification[]>
}

/**
 * A packed network from its file: the bytes, a path in Node, or an address. Rejects with an Error that says what is wrong with it; where
 * WebAssembly has no SIMD; and where the file cannot be read.
 */
export const load = async (
  source: string | URL | Uint8Array | ArrayBuffer,
  options?: RunnerOptions,
): Promise<Network> => {
  const bytes = typeof source === 'string' || source instanceof URL ? await bytesAt(source) : source
  const file = from(bytes)
  if (file._tag === 'Left') throw new Error(`load: ${file.left.message}`)
  const model = file.right
  const runner = await createRunner(model, options)
  return {
    model,
    predict: async picture => classify(runner, model.metadata, imageOf(model, await pixelsOf(picture))),
  }
}
