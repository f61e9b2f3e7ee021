import { backendOf } from '../autodiff/backend-of.js'
import type { Tensor } from '../autodiff/tensor.js'
import type { Backend } from '../backend.js'
import { referenceKernels } from './kernels.js'
import type { ReferenceTensor } from './tensor.js'

/** A backend on the reference engine: exact to float64, for tests and small data. */
export const referenceBackend = (): Backend<Tensor<ReferenceTensor>> => backendOf(referenceKernels())
