import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** An operator's attribute: an integer or integers; floats are not needed here. */
export type Attribute = number | readonly number[]

/** An operator that makes one value. */
export interface OnnxNode {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A constant of the graph: float32, or int64 where `values` are BigInts. */
export interface OnnxTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array | BigInt64Array
}

/** A float32 input or output of the graph. A dimension with a name may have any size. */
interface OnnxValue {
  readonly name: string
  readonly shape: readonly (number | string)[]
}

interface OnnxGraph {
  readonly name: string
  /** Every node stands after those that it takes values of. */
  readonly nodes: readonly OnnxNode[]
  readonly constants: readonly OnnxTensor[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
}

export interface OnnxModel {
  readonly irVersion: number
  /** Version of the operators of the domain ai.onnx. */
  readonly opset: number
  readonly producer: string
  readonly metadata: Readonly<Record<string, string>>
  readonly graph: OnnxGraph
}

/** Field numbers of onnx/onnx.proto. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const modelFields = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, metadataProps: 14 } as const
const operatorSetFields = { domain: 1, version: 2 } as const
const stringStringFields = { key: 1, value: 2 } as const
const graphFields = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const
const nodeFields = { input: 1, output: 2, name: 3, opType: 4, attribute: 5 } as const
const attributeFields = { name: 1, i: 3, ints: 8, type: 20 } as const
const tensorFields = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const
const valueFields = { name: 1, type: 2 } as const
const typeFields = { tensorType: 1 } as const
const tensorTypeFields = { elemType: 1, shape: 2 } as const
const shapeFields = { dim: 1 } as const
const dimensionFields = { value: 1, param: 2 } as const

const attributeType = { int: 2, ints: 7 } as const
const dataType = { float: 1, int64: 7 } as const

const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value)

const integer = (writer: BinaryWriter, field: number, value: number) => writer.tag(field, WireType.Varint).int64(value)

const message = (writer: BinaryWriter, field: number, content: (writer: BinaryWriter) => void) => {
  writer.tag(field, WireType.LengthDelimited).fork()
  content(writer)
  return writer.join()
}

const writeAttribute = (writer: BinaryWriter, name: string, value: Attribute) => {
  text(writer, attributeFields.name, name)
  if (typeof value === 'number') integer(writer, attributeFields.i, value)
  else for (const each of value) integer(writer, attributeFields.ints, each)
  integer(writer, attributeFields.type, typeof value === 'number' ? attributeType.int : attributeType.ints)
}

const writeNode = (writer: BinaryWriter, { operator, inputs, output, attributes }: OnnxNode) => {
  for (const input of inputs) text(writer, nodeFields.input, input)
  text(writer, nodeFields.output, output)
  text(writer, nodeFields.name, output)
  text(writer, nodeFields.opType, operator)
  for (const [name, value] of Object.entries(attributes))
    message(writer, nodeFields.attribute, inner => writeAttribute(inner, name, value))
}

/** Raw data are little-endian, as the arrays of every machine that runs this are. */
const writeTensor = (writer: BinaryWriter, { name, shape, values }: OnnxTensor) => {
  for (const size of shape) integer(writer, tensorFields.dims, size)
  integer(writer, tensorFields.dataType, values instanceof Float32Array ? dataType.float : dataType.int64)
  text(writer, tensorFields.name, name)
  writer
    .tag(tensorFields.rawData, WireType.LengthDelimited)
    .bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
}

const writeValue = (writer: BinaryWriter, { name, shape }: OnnxValue) => {
  text(writer, valueFields.name, name)
  message(writer, valueFields.type, type =>
    message(type, typeFields.tensorType, tensor => {
      integer(tensor, tensorTypeFields.elemType, dataType.float)
      message(tensor, tensorTypeFields.shape, dimensions => {
        for (const size of shape)
          message(dimensions, shapeFields.dim, dimension =>
            typeof size === 'number'
              ? integer(dimension, dimensionFields.value, size)
              : text(dimension, dimensionFields.param, size),
          )
      })
    }),
  )
}

const writeGraph = (writer: BinaryWriter, { name, nodes, constants, inputs, outputs }: OnnxGraph) => {
  for (const node of nodes) message(writer, graphFields.node, inner => writeNode(inner, node))
  text(writer, graphFields.name, name)
  for (const constant of constants) message(writer, graphFields.initializer, inner => writeTensor(inner, constant))
  for (const input of inputs) message(writer, graphFields.input, inner => writeValue(inner, input))
  for (const output of outputs) message(writer, graphFields.output, inner => writeValue(inner, output))
}

/** The bytes of a ModelProto. */
export const encodeOnnx = ({ irVersion, opset, producer, metadata, graph }: OnnxModel): Uint8Array => {
  const writer = new BinaryWriter()
  integer(writer, modelFields.irVersion, irVersion)
  text(writer, modelFields.producerName, producer)
  message(writer, modelFields.graph, inner => writeGraph(inner, graph))
  message(writer, modelFields.opsetImport, set => {
    text(set, operatorSetFields.domain, '')
    integer(set, operatorSetFields.version, opset)
  })
  for (const [key, value] of Object.entries(metadata))
    message(writer, modelFields.metadataProps, entry => {
      text(entry, stringStringFields.key, key)
      text(entry, stringStringFields.value, value)
    })
  return writer.finish()
}
