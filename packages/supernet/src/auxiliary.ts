import type { Padding } from '@cpnas/backends'
import type { NetworkSpec } from './spec.js'

/** A square window that slides over a map without padding; a map smaller than it is first extended at its bottom and right. */
export interface SlidingWindow {
  readonly size: number
  readonly stride: number
}

/** Places of the window along a side of so many pixels. */
export const places = (side: number, { size, stride }: SlidingWindow): number =>
  Math.max(1, Math.floor((side - size) / stride) + 1)

/** What extends a map that is smaller than the window. */
export const extension = (height: number, width: number, { size }: SlidingWindow): Padding => ({
  top: 0,
  left: 0,
  bottom: Math.max(0, size - height),
  right: Math.max(0, size - width),
})

/** Output channels of the auxiliary head's convolutions, 1x1 and 2x2. */
export const auxiliaryChannels = [128, 768] as const

/** Its average pooling and its 2x2 convolution: DARTS pools with stride 3 for CIFAR's 8x8 maps and 2 for ImageNet's 7x7. */
export const auxiliaryWindows = ({ stem = 'cifar' }: NetworkSpec): readonly [SlidingWindow, SlidingWindow] => [
  { size: 5, stride: stem === 'cifar' ? 3 : 2 },
  { size: 2, stride: 1 },
]
