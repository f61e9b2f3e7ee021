import type { Operation } from '../space.js'

/** No connection. Source: DARTS. */
export const none: Operation = {
  name: 'none',
  description: 'zeros: no connection',
  forward: () => [],
}
