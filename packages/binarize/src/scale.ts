import type { Backend, ScaleGroup, Shape } from '@cpnas/backends'

/** How alpha, the magnitude of a reconstructed filter, follows from the latent filter. */
export interface Scale {
  /** What it does, in one line. */
  readonly description: string
  /** The shape of alpha, which broadcasts over filters [kh, kw, cin, cout] or [kh, kw, channels]. */
  readonly shape: (filters: Shape) => Shape
  /** Alpha of latent filters. */
  readonly of: <T>(backend: Backend<T>, filters: T) => T
  /** The engines' fused operation that computes the same. Default: none, it is composed of other operations. */
  readonly group?: ScaleGroup
}

/**
 * alpha = mean |H| of every output channel, [channels]: the scale that minimises ||H_c - alpha_c sign(H_c)||^2.
 * Filters are [kh, kw, cin, cout], or [kh, kw, channels] if depthwise.
 */
export const channelScale = <T>(backend: Backend<T>, filters: T): T =>
  backend.mean(
    backend.abs(filters),
    backend
      .shape(filters)
      .slice(0, -1)
      .map((_, axis) => axis),
  )

/** alpha = mean |H| of the whole layer, shape []: the single scale that minimises ||H - alpha sign(H)||^2. */
export const layerScale = <T>(backend: Backend<T>, filters: T): T => backend.mean(backend.abs(filters))

const channel: Scale = {
  description: 'one alpha an output channel (XNOR-Net, Rastegari et al. 2016)',
  shape: filters => filters.slice(-1),
  of: channelScale,
  group: 'channel',
}

const layer: Scale = { description: 'one alpha a layer', shape: () => [], of: layerScale, group: 'layer' }

/** Every scale by name. To add one, add its record here. */
export const scales = { channel, layer } satisfies Readonly<Record<string, Scale>>

/** The name of a scale. */
export type ScaleName = keyof typeof scales

/** The scale of a name; a record of your own is passed on as it is. */
export const scaleOf = (scale: ScaleName | Scale): Scale => (typeof scale === 'string' ? scales[scale] : scale)
