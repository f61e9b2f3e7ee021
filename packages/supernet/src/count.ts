import { sizeOf } from '@cpnas/backends'
import type { Architecture } from './genotype.js'
import type { NetworkKind, NetworkSpec } from './space.js'
import { type ImageSize, type Layer, trace } from './trace.js'

/** Parameters and multiply-accumulates, by the precision of their operands. */
export interface Cost {
  readonly parameters: number
  readonly macs: number
}

/** Size and work of a layer. */
export interface LayerCount extends Cost {
  /** Name of the layer's parameter. */
  readonly name: string
  readonly kind: Layer['kind']
  readonly bits: 1 | 32
}

/** Size and work of a network, layer by layer. */
export interface Count {
  readonly layers: readonly LayerCount[]
  /** Sums over the 1-bit layers, over the 32-bit layers, and over all. */
  readonly binary: Cost
  readonly float: Cost
  readonly total: Cost
}

/**
 * Size and work of a network for one image, layer by layer. Multiply-accumulates are those of convolutions and of the
 * classifier, border pixels counted as inner ones; normalization, pooling and activations are not counted, and neither
 * are the scales alpha, which are computed from the latent weights. The auxiliary head counts where the spec has it.
 * `image` is the size in pixels, default 32x32; the parameters do not depend on it.
 */
export const count = (spec: NetworkSpec, architecture: Architecture, kind: NetworkKind, image?: ImageSize): Count => {
  const layers = trace(spec, architecture, kind, image).layers.map(
    (layer): LayerCount => ({
      name: layer.name,
      kind: layer.kind,
      bits: kind === 'child' && layer.binary ? 1 : 32,
      parameters: sizeOf(layer.shape),
      macs: layer.macs,
    }),
  )
  const costOf = (bits: readonly number[]): Cost => {
    const some = layers.filter(layer => bits.includes(layer.bits))
    return {
      parameters: some.reduce((sum, layer) => sum + layer.parameters, 0),
      macs: some.reduce((sum, layer) => sum + layer.macs, 0),
    }
  }
  return { layers, binary: costOf([1]), float: costOf([32]), total: costOf([1, 32]) }
}
