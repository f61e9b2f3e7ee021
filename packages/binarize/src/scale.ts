import type { Backend, Shape } from '@cpnas/backends'

/** One alpha an output channel (XNOR-Net, Rastegari et al. 2016), or one for the whole layer. */
export type Scale = 'channel' | 'layer'

/** The axes alpha averages over: all of them, or all but the last (output channels in [kh, kw, cin, cout] and [kh, kw, channels]). */
export const scaleAxes = (shape: Shape, scale: Scale): readonly number[] =>
  shape.slice(0, scale === 'channel' ? -1 : undefined).map((_, axis) => axis)

/**
 * alpha = mean |H| of every output channel, [channels]: the scale that minimises ||H_c - alpha_c sign(H_c)||^2.
 * Filters are [kh, kw, cin, cout], or [kh, kw, channels] if depthwise.
 */
export const channelScale = <T>(backend: Backend<T>, filters: T): T =>
  backend.mean(backend.abs(filters), scaleAxes(backend.shape(filters), 'channel'))

/** alpha = mean |H| of the whole layer, shape []: the single scale that minimises ||H - alpha sign(H)||^2. */
export const layerScale = <T>(backend: Backend<T>, filters: T): T => backend.mean(backend.abs(filters))
