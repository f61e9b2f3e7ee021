import type { Operation } from '../space.js'

/** Pooling over 3x3 pixels and a normalization without parameters, in both kinds alike. Source: DARTS's search. */
const pooling = (name: string, pool: 'maxPool' | 'avgPool', what: string): Operation => ({
  name,
  description: `${what} of 3x3 pixels, normalized`,
  forward: (build, x, place) => [
    {
      x: build.pool(pool, x, 3, { stride: place.stride }),
      normalization: build.normalization(place.name, place.channels, false),
    },
  ],
})

/** The largest of 3x3 pixels. */
export const maxPool3x3: Operation = pooling('max_pool_3x3', 'maxPool', 'the largest')
/** The mean of 3x3 pixels, of those inside the image. */
export const avgPool3x3: Operation = pooling('avg_pool_3x3', 'avgPool', 'the mean')
