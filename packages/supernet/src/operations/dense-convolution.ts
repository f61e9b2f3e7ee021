import type { Operation } from '../space.js'

/** A dense convolution and its normalization; 1-bit in the Child. */
const dense = (name: string, size: number, dilation: number, what: string): Operation => ({
  name,
  description: `dense convolution, ${what}`,
  forward: (build, x, place) => [
    {
      x: build.convolution(`${place.name}.filters`, x, place.channels, { size, dilation, stride: place.stride }),
      normalization: build.normalization(place.name, place.channels),
    },
  ],
})

/** Dense convolutions of 1x1 and 3x3 pixels. */
export const conv1x1: Operation = dense('conv_1x1', 1, 1, '1x1')
export const conv3x3: Operation = dense('conv_3x3', 3, 1, '3x3')
/** 3x3 taps, every other pixel. */
export const conv3x3Dilated: Operation = dense('conv_3x3_dilated', 3, 2, '3x3 of dilation 2')
