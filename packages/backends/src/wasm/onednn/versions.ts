/** Native memory: a typed array, or what the library gave. */
export type Pointer = unknown

/** What a tensor's values mean and how they lie in memory. */
export type Descriptor = Pointer

/** A convolution's steps and paddings along height and width. */
export interface Steps {
  readonly strides: readonly [number, number]
  readonly dilations: readonly [number, number]
  readonly before: readonly [number, number]
  readonly after: readonly [number, number]
}

/** Height, width, inputs and outputs. */
export type FilterShape = readonly [number, number, number, number]

/** What a tensor's values are. */
export type Values = 'float32' | 'bfloat16'

/** Of dnnl_types.h; the same in versions 2 and 3. */
const dataType: Readonly<Record<Values, number>> = { float32: 3, bfloat16: 2 }
const ANY_LAYOUT = 1
const TRAINING = 64
const DIRECT = 1
/** Bytes that hold any descriptor of version 2, with room to spare: 696 and 5,976. */
const TENSOR_BYTES = 4096
const CONVOLUTION_BYTES = 16_384

const int64 = (values: readonly number[]): BigInt64Array => BigInt64Array.from(values, BigInt)

/** A function of the library by its C types; throws where it reports an error. */
export type Declare = (symbol: string, ...types: readonly string[]) => (...values: readonly unknown[]) => void
/** Likewise, for a function that creates an object and returns it. */
export type Create = (symbol: string, ...types: readonly string[]) => (...values: readonly unknown[]) => Pointer

interface Tensors {
  readonly strided: (shape: readonly number[], strides: readonly number[], values: Values) => Descriptor
  /** In a layout that the library chooses. */
  readonly any: (shape: readonly number[], values: Values) => Descriptor
}

/** The tensors of a convolution, or of a gradient of it. */
export interface Operands {
  readonly source: Descriptor
  readonly filters: Descriptor
  readonly result: Descriptor
}

/** Descriptions of the three computations of a convolution; those of the gradients begin with that of the forward one. */
interface Convolutions {
  readonly forward: (operands: Operands, steps: Steps) => Pointer
  readonly sourceGradient: (operands: Operands, steps: Steps, forward: Pointer) => Pointer
  readonly filterGradient: (operands: Operands, steps: Steps, forward: Pointer) => Pointer
}

const pointers = (count: number): readonly string[] => Array.from({ length: count }, () => 'void *')

/** The library counts the gaps between taps. */
const stepsOf = ({ strides, dilations, before, after }: Steps): readonly BigInt64Array[] => [
  int64(strides),
  int64(dilations.map(d => d - 1)),
  int64(before),
  int64(after),
]

export const tensorsOf2 = (declare: Declare): Tensors => {
  const byStrides = declare('dnnl_memory_desc_init_by_strides', 'void *', 'int', 'void *', 'int', 'void *')
  const byTag = declare('dnnl_memory_desc_init_by_tag', 'void *', 'int', 'void *', 'int', 'int')
  return {
    strided: (shape, strides, values) => {
      const descriptor = new Uint8Array(TENSOR_BYTES)
      byStrides(descriptor, shape.length, int64(shape), dataType[values], int64(strides))
      return descriptor
    },
    any: (shape, values) => {
      const descriptor = new Uint8Array(TENSOR_BYTES)
      byTag(descriptor, shape.length, int64(shape), dataType[values], ANY_LAYOUT)
      return descriptor
    },
  }
}

export const tensorsOf3 = (create: Create): Tensors => {
  const byStrides = create('dnnl_memory_desc_create_with_strides', 'int', 'void *', 'int', 'void *')
  const byTag = create('dnnl_memory_desc_create_with_tag', 'int', 'void *', 'int', 'int')
  return {
    strided: (shape, strides, values) => byStrides(shape.length, int64(shape), dataType[values], int64(strides)),
    any: (shape, values) => byTag(shape.length, int64(shape), dataType[values], ANY_LAYOUT),
  }
}

export const convolutionsOf2 = (declare: Declare, create: Create, engine: Pointer): Convolutions => {
  const prefix = 'dnnl_dilated_convolution'
  const initForward = declare(`${prefix}_forward_desc_init`, 'void *', 'int', 'int', ...pointers(8))
  const initSource = declare(`${prefix}_backward_data_desc_init`, 'void *', 'int', ...pointers(7))
  const initFilters = declare(`${prefix}_backward_weights_desc_init`, 'void *', 'int', ...pointers(8))
  const describe = create('dnnl_primitive_desc_create', ...pointers(4))
  const described = (init: (operation: Uint8Array) => void, forward: Pointer): Pointer => {
    const operation = new Uint8Array(CONVOLUTION_BYTES)
    init(operation)
    return describe(operation, null, engine, forward)
  }
  return {
    forward: ({ source, filters, result }, steps) =>
      described(o => initForward(o, TRAINING, DIRECT, source, filters, null, result, ...stepsOf(steps)), null),
    sourceGradient: ({ source, filters, result }, steps, forward) =>
      described(o => initSource(o, DIRECT, source, filters, result, ...stepsOf(steps)), forward),
    filterGradient: ({ source, filters, result }, steps, forward) =>
      described(o => initFilters(o, DIRECT, source, filters, null, result, ...stepsOf(steps)), forward),
  }
}

export const convolutionsOf3 = (create: Create, engine: Pointer): Convolutions => {
  const prefix = 'dnnl_convolution'
  const newForward = create(`${prefix}_forward_primitive_desc_create`, 'void *', 'int', 'int', ...pointers(9))
  const newSource = create(`${prefix}_backward_data_primitive_desc_create`, 'void *', 'int', ...pointers(9))
  const newFilters = create(`${prefix}_backward_weights_primitive_desc_create`, 'void *', 'int', ...pointers(10))
  return {
    forward: ({ source, filters, result }, steps) =>
      newForward(engine, TRAINING, DIRECT, source, filters, null, result, ...stepsOf(steps), null),
    sourceGradient: ({ source, filters, result }, steps, forward) =>
      newSource(engine, DIRECT, source, filters, result, ...stepsOf(steps), forward, null),
    filterGradient: ({ source, filters, result }, steps, forward) =>
      newFilters(engine, DIRECT, source, filters, null, result, ...stepsOf(steps), forward, null),
  }
}
