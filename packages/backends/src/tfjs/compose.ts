import type { TensorInfo } from '@tensorflow/tfjs-core'
import { type Shape, sameShape, sizeOf } from '../shape.js'
import { type Operations, operations } from './operations.js'
import type { Runtime } from './runtime.js'
import type { Store, TfjsTensor } from './tensor.js'

/** Runs one of our kernels as a composition of TensorFlow.js's. */
export interface Composer {
  readonly store: Store
  /** The tensor that f returns; every other tensor made in f is freed. */
  compose(f: (operations: Operations) => TensorInfo): TfjsTensor
  /** The same for several tensors. */
  composeAll<K extends string>(
    f: (operations: Operations) => Readonly<Record<K, TensorInfo>>,
  ): Readonly<Record<K, TfjsTensor>>
}

export const makeComposer = (runtime: Runtime, store: Store): Composer => {
  const { backend } = runtime
  let made: TensorInfo[] = []

  const track = (x: TensorInfo): TensorInfo => {
    made.push(x)
    return x
  }

  /** One reference less: a reshaped tensor shares its data with the one it was made of. */
  const drop = (x: TensorInfo): void => {
    backend.disposeData(x.dataId)
  }

  const run: Runtime['run'] = (kernel, inputs, attributes) => track(runtime.run(kernel, inputs, attributes))

  const upload = (values: Float32Array, shape: Shape): TensorInfo =>
    track({ dataId: backend.write(values, [...shape], 'float32'), shape: [...shape], dtype: 'float32' })

  /** A tensor of its own size and shape: TensorFlow.js's kernels know neither views nor offsets. */
  const dense = ({ buffer, shape, offset }: TfjsTensor): TensorInfo => {
    if (sameShape(buffer.shape, shape)) return buffer
    const size = sizeOf(shape)
    const whole = sizeOf(buffer.shape)
    if (size === whole) return run('Reshape', { x: buffer }, { shape: [...shape] })
    const flat = run('Reshape', { x: buffer }, { shape: [whole] })
    const part = run('Slice', { x: flat }, { begin: [offset], size: [size] })
    return run('Reshape', { x: part }, { shape: [...shape] })
  }

  const provided = operations({ run, upload, dense, deterministicMatMul: runtime.name !== 'tfjs-webgpu' })

  const composeAll = <K extends string>(
    f: (operations: Operations) => Readonly<Record<K, TensorInfo>>,
  ): Readonly<Record<K, TfjsTensor>> => {
    const outer = made
    made = []
    try {
      const results: Readonly<Record<K, TensorInfo>> = f(provided)
      const entries = Object.entries(results) as [K, TensorInfo][]
      const kept = entries.map(([name, x]) => [name, store.make(x, x.shape)] as const)
      const given = new Set(entries.map(([, x]) => x))
      made = made.filter(x => !given.has(x))
      return Object.fromEntries(kept) as Record<K, TfjsTensor>
    } finally {
      for (const x of made) drop(x)
      made = outer
    }
  }

  return { store, composeAll, compose: f => composeAll(o => ({ result: f(o) })).result }
}
