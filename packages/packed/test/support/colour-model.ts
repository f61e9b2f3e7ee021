import type { PackedModel } from '@cpnas/packed'

/** A network of images of 8x8 pixels whose scores are the means of the channels: it takes a picture for its strongest colour. */
export const colourModel = (...classes: readonly [string, string, string]): PackedModel => ({
  metadata: { classes, normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } },
  program: {
    image: { height: 8, width: 8, channels: 3 },
    steps: [
      {
        kind: 'classifier',
        inputs: [0],
        weights: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
        bias: Float32Array.of(0, 0, 0),
      },
    ],
  },
})
