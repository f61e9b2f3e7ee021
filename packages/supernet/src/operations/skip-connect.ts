import type { Builder, Operation } from '../space.js'

/** The crop and pad that shift an image by one pixel, up and left, so that stride 2 meets the odd pixels. */
const shifted = { top: -1, left: -1, bottom: 1, right: 1 }

const featureAxis = 3

/**
 * The factorized reduction: activation, then 1x1 convolutions of the even and of the odd pixels (NAME.even and NAME.odd),
 * side by side; not normalized. Source: DARTS.
 */
export const factorizedReduction = <T>(
  build: Builder<T>,
  name: string,
  x: T,
  channels: number,
  precision: 'binary' | 'float',
): T => {
  const half = Math.floor(channels / 2)
  return build.backend.concat(
    [
      build.convolution(`${name}.even`, x, half, { precision, stride: 2 }),
      build.convolution(`${name}.odd`, x, channels - half, { precision, stride: 2, padding: shifted }),
    ],
    featureAxis,
  )
}

/** The identity; at stride 2 a factorized reduction and its normalization. Source: CP-NAS; where it is silent, DARTS. */
export const skipConnect: Operation = {
  name: 'skip_connect',
  description: 'the identity; at stride 2 a factorized reduction',
  forward: (build, x, { name, stride, channels }) =>
    stride === 1
      ? [{ x }]
      : [
          {
            x: factorizedReduction(build, name, x, channels, 'binary'),
            normalization: build.normalization(name, channels),
          },
        ],
}
