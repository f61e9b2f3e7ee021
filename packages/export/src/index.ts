export { type Graph, graphOf } from './graph.js'
export type * from './graph-nodes.js'
export { toOnnx } from './onnx/to-onnx.js'
export { pack } from './pack.js'
