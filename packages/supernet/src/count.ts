import { sizeOf } from '@cpnas/backends'
import { places } from './auxiliary.js'
import type { Genotype } from './genotype.js'
import type { Layer, NetworkKind } from './layer.js'
import { networkLayers } from './layers.js'
import type { NetworkSpec } from './spec.js'

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
export const count = (
  spec: NetworkSpec,
  genotype: Genotype,
  kind: NetworkKind,
  image: { readonly height: number; readonly width: number } = { height: 32, width: 32 },
): Count => {
  const layers = networkLayers(spec, genotype, kind).map((layer): LayerCount => {
    const parameters = sizeOf(layer.shape)
    const side = (pixels: number) => (layer.windows ?? []).reduce(places, Math.ceil(pixels / 2 ** layer.halvings))
    const pixels = layer.kind === 'dense' ? 1 : side(image.height) * side(image.width)
    return {
      name: layer.name,
      kind: layer.kind,
      bits: kind === 'child' && layer.binary ? 1 : 32,
      parameters,
      macs: layer.kind === 'vector' ? 0 : parameters * pixels,
    }
  })
  const costOf = (bits: readonly number[]): Cost => {
    const some = layers.filter(layer => bits.includes(layer.bits))
    return {
      parameters: some.reduce((sum, layer) => sum + layer.parameters, 0),
      macs: some.reduce((sum, layer) => sum + layer.macs, 0),
    }
  }
  return { layers, binary: costOf([1]), float: costOf([32]), total: costOf([1, 32]) }
}
