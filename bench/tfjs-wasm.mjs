// TensorFlow.js's WebAssembly backend as a contestant: a network as it is lowered to ONNX, run operator by operator on maps
// [batch, height, width, channels]. In Node it has one thread.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { graphOf } from '@cpnas/export'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
// How a graph becomes operators, which is no part of what the package offers.
import { builder } from '../packages/export/dist/onnx/builder.js'
import { lower } from '../packages/export/dist/onnx/lower.js'

const require = createRequire(import.meta.url)

export const openTfjsWasm = async () => {
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
  await tf.setBackend('wasm')
  await tf.ready()
}

const padOf = ([top, left, bottom, right]) => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
]

/** [outputs, inputs, kh, kw] as TensorFlow.js has it: [kh, kw, inputs, outputs], of a depthwise convolution [kh, kw, channels, 1]. */
const filtersOf = ({ shape, values }, depthwise) =>
  tf.tidy(() => tf.keep(tf.transpose(tf.tensor(values, shape), depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0])))

/** Of two maps, or of a map and a constant of [channels, 1, 1]. */
const perChannel = (operation, inputs, constant) => {
  if (constant === undefined) return { inputs, run: operation }
  const factors = tf.tensor1d(constant.values)
  return { inputs, run: x => operation(x, factors) }
}

const operators = {
  Conv: ({ strides, dilations = [1, 1], pads, group = 1 }, [x], [, filters, bias]) => {
    const depthwise = group > 1
    const filter = filtersOf(filters, depthwise)
    const weights = { filter, ...(bias && { bias: tf.tensor1d(bias.values) }) }
    const attributes = { strides, dilations, pad: padOf(pads), dataFormat: 'NHWC', activation: 'linear' }
    // The kernels can do what their functions in tfjs-core refuse: stride and dilation at once.
    const kernel = depthwise ? 'FusedDepthwiseConv2D' : 'FusedConv2D'
    return { inputs: [x], run: x => tf.engine().runKernel(kernel, { x, ...weights }, attributes) }
  },
  MaxPool: ({ kernel_shape, strides, pads }, inputs) => ({
    inputs,
    run: x => tf.maxPool(x, kernel_shape, strides, padOf(pads)),
  }),
  AveragePool: ({ kernel_shape, strides, pads }, inputs) => ({
    inputs,
    run: x => tf.avgPool(x, kernel_shape, strides, padOf(pads)),
  }),
  Relu: (_, inputs) => ({ inputs, run: tf.relu }),
  Sum: (_, inputs) => ({ inputs, run: (...xs) => tf.addN(xs) }),
  Add: (_, inputs, [, b]) => perChannel(tf.add, inputs, b),
  Mul: (_, inputs, [, b]) => perChannel(tf.mul, inputs, b),
  PRelu: (_, inputs, [, slope]) => perChannel(tf.prelu, inputs, slope),
  Concat: (_, inputs) => ({ inputs, run: (...xs) => tf.concat(xs, 3) }),
  Slice: (_, [x], [, begin, end]) => {
    const [top, left, bottom, right] = [...begin.values, ...end.values].map(Number)
    return { inputs: [x], run: x => tf.slice(x, [0, top, left, 0], [-1, bottom - top, right - left, -1]) }
  },
  GlobalAveragePool: (_, inputs) => ({ inputs, run: x => tf.mean(x, [1, 2]) }),
  Flatten: (_, inputs) => ({ inputs, run: x => x }),
  Gemm: (_, [x], [, weights, bias]) => {
    const [w, b] = [tf.tensor2d(weights.values, weights.shape), tf.tensor1d(bias.values)]
    return { inputs: [x], run: x => tf.add(tf.matMul(x, w), b) }
  },
}

/** Scores of images [batch, height, width, channels] by a network; to be read. */
export const tfjsNetwork = model => {
  const under = builder()
  const scores = lower(graphOf(model), 'images', under)
  const constants = new Map(under.constants.map(constant => [constant.name, constant]))
  const steps = under.nodes.map(({ operator, inputs, output, attributes }) => {
    const make = operators[operator]
    if (make === undefined) throw new Error(`tfjs-wasm: no ${operator} yet`)
    const names = inputs.filter(name => !constants.has(name))
    const step = make(
      attributes,
      names,
      inputs.map(name => constants.get(name)),
    )
    return { output, ...step }
  })
  return images => {
    const made = tf.tidy(() => {
      const values = new Map([['images', images]])
      for (const { output, inputs, run } of steps) values.set(output, run(...inputs.map(name => values.get(name))))
      return values.get(scores)
    })
    const read = made.dataSync()
    made.dispose()
    return read
  }
}

export const tfjsImages = (values, shape) => tf.tensor4d(values, shape)

/** A 3x3 convolution of [1, side, side, channels]. */
export const tfjsConvolution = (channels, values, image, side) => {
  const x = tf.tensor4d(image, [1, side, side, channels])
  const filter = tf.tensor4d(values, [3, 3, channels, channels])
  return () => {
    const y = tf.conv2d(x, filter, 1, 'same')
    const read = y.dataSync()
    y.dispose()
    return read
  }
}
