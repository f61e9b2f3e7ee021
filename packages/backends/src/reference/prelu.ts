import type { Kernels } from '../kernels.js'
import { lastAxis, type ReferenceTensor, type Store } from './tensor.js'

export const prelu = ({ make, values }: Store): Pick<Kernels<ReferenceTensor>, 'prelu' | 'preluGrad'> => ({
  prelu: (x, slope) => {
    const slopes = values(slope)
    return make(
      values(x).map((v, i) => (v > 0 ? v : slopes[i % slopes.length]! * v)),
      x.shape,
    )
  },
  preluGrad: (dy, x, slope) => {
    const [from, gradient, slopes] = [values(x), values(dy), values(slope)]
    const channels = lastAxis(x.shape)
    const toSlopes = new Float64Array(channels)
    from.forEach((v, i) => {
      if (!(v > 0)) toSlopes[i % channels]! += gradient[i]! * v
    })
    return {
      input: make(
        gradient.map((d, i) => (from[i]! > 0 ? d : slopes[i % channels]! * d)),
        x.shape,
      ),
      slope: make(toSlopes, slope.shape),
    }
  },
})
