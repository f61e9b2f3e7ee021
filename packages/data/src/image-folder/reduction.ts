import type { Augmentation } from '../augmentation.js'
import type { Reduction } from './decode.js'

/** Images that are not augmented are to be seen exactly as the network that is shipped sees them. */
export const reductionOf = (augmentation: Augmentation | undefined): Reduction =>
  augmentation === undefined ? 'exact' : 'fast'
