import type { Kernels } from '../../kernels.js'
import type { Store, TfjsTensor } from '../tensor.js'
import { makeRunner } from './fragment.js'
import { type Factor, product } from './product.js'
import type { Launcher } from './program.js'
import { reshaped } from './reshaped.js'

/** A matrix [first, second] of which the second index neighbours in memory. */
const matrix = (name: 'A' | 'B', x: TfjsTensor, fast: 'depth' | 'side'): Factor => {
  const input = `matrix${name}`
  const size = name === 'A' ? 'rows' : 'columns'
  const [quick, still] = fast === 'depth' ? ['depth', size] : [size, 'depth']
  return {
    key: `${name} ${fast}`,
    inputs: { [input]: x },
    fast,
    kept: false,
    source: () => `
      fn fast${name}(i: i32) -> vec4<i32> { return vec4<i32>(i, 0, 0, 0); }
      fn slow${name}(i: i32) -> vec4<i32> { return vec4<i32>(i, 0, 0, 0); }
      fn element${name}(fast: vec4<i32>, slow: vec4<i32>) -> f32 {
        let value = ${input}[uniforms.${input}At + slow.x * uniforms.${quick} + fast.x];
        return select(0.0, value, (fast.x < uniforms.${quick}) & (slow.x < uniforms.${still}));
      }`,
  }
}

export const matMul = (launcher: Launcher, store: Store): Pick<Kernels<TfjsTensor>, 'matMul'> => {
  const run = makeRunner(launcher, store)
  return {
    matMul: (a, b, transposeA, transposeB) => {
      const rows = a.shape[transposeA ? 1 : 0]!
      const depth = a.shape[transposeA ? 0 : 1]!
      const columns = b.shape[transposeB ? 0 : 1]!
      const [left, right] = [
        matrix('A', a, transposeA ? 'side' : 'depth'),
        matrix('B', b, transposeB ? 'depth' : 'side'),
      ]
      return reshaped(store, product(run, store, { rows, columns, depth }, left, right), [rows, columns])
    },
  }
}
