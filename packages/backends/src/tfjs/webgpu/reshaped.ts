import type { Shape } from '../../shape.js'
import type { Store, TfjsTensor } from '../tensor.js'

/** x in another shape; x is consumed. */
export const reshaped = (store: Store, x: TfjsTensor, shape: Shape): TfjsTensor => {
  const result = store.view(x, shape)
  store.free(x)
  return result
}
