import type { WindowOptions } from '@cpnas/backends'
import type { Builder } from './space.js'

/** A square window that slides over a map without padding; a map smaller than it is first extended at its bottom and right. */
const fitted = <T>({ backend }: Builder<T>, x: T, size: number, stride: number): WindowOptions => {
  const [, height = 0, width = 0] = backend.shape(x)
  return {
    stride,
    padding: { top: 0, left: 0, bottom: Math.max(0, size - height), right: Math.max(0, size - width) },
  }
}

/**
 * The auxiliary head, float in both kinds: ReLU, average pooling 5x5 of stride 3 (2 with the ImageNet stem), 1x1 convolution
 * to 128 channels, normalization, ReLU, 2x2 convolution to 768, normalization, ReLU, linear classifier. DARTS pools with
 * stride 3 for CIFAR's 8x8 maps and 2 for ImageNet's 7x7. Source: DARTS's final training.
 */
export const auxiliaryHead = <T>(build: Builder<T>, features: T): T => {
  const { backend, spec } = build
  const [narrow, wide] = [128, 768]
  const pooled = backend.avgPool(backend.relu(features), 5, fitted(build, features, 5, spec.stem === 'cifar' ? 3 : 2))
  const first = build.convolution('auxiliary.0.filters', pooled, narrow, { precision: 'float', activation: 'identity' })
  const between = build.normalization('auxiliary.0', narrow, true)
  const second = build.convolution('auxiliary.1.filters', first, wide, {
    ...fitted(build, first, 2, 1),
    size: 2,
    precision: 'float',
    normalization: between,
  })
  const end = build.normalization('auxiliary.1', wide, true)
  return build.classifier('auxiliary', backend.relu(backend.batchNorm(second, end)))
}
