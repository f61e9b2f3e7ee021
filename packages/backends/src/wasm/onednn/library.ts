import type { LibraryHandle } from 'koffi'
import {
  type Create,
  convolutionsOf2,
  convolutionsOf3,
  type Declare,
  type Descriptor,
  type FilterShape,
  type Operands,
  type Pointer,
  type Steps,
  tensorsOf2,
  tensorsOf3,
  type Values,
} from './versions.js'

/** A computation on fixed shapes that the library has prepared; every call says where its tensors lie. */
export type Primitive = (...tensors: readonly Pointer[]) => void

/** How the library wants to compute a convolution or one of its gradients: its own layout of the filters, and the primitive. */
export interface Choice {
  readonly filters: Descriptor
  readonly primitive: () => Primitive
  /** Whether it has no kernel for these shapes, and gathers windows for a matrix product instead. */
  readonly isFallback: boolean
}

/** Height, width and channels. */
type ImageShape = readonly [number, number, number]

/** A convolution of NHWC images. */
interface Convolution {
  readonly images: number
  readonly source: ImageShape
  readonly filters: FilterShape
  readonly result: ImageShape
  readonly steps: Steps
}

/** The part of oneDNN that is used. Every function throws where the library reports an error. */
export interface OneDnn {
  /** E.g. `oneDNN 2.6.3`. */
  readonly version: string
  /** Whether products of bfloat16 values are faster than those of float32 on this processor. */
  readonly fastBfloat16: boolean
  /** Whether the processor multiplies matrices of bfloat16 in a unit of its own. */
  readonly amx: boolean
  /** HWIO filters of float32. */
  readonly filters: (shape: FilterShape) => Descriptor
  readonly bytes: (descriptor: Descriptor) => number
  readonly equal: (a: Descriptor, b: Descriptor) => boolean
  /** (source, filters, result); the result is float32, what is multiplied has these values. */
  readonly forward: (convolution: Convolution, values: Values) => Choice
  /** (gradient of the result, filters, gradient of the source), likewise */
  readonly sourceGradient: (convolution: Convolution, values: Values) => Choice
  /** (source, gradient of the result, gradient of the filters), likewise */
  readonly filterGradient: (convolution: Convolution, values: Values) => Choice
  /** (from, to) */
  readonly reorder: (from: Descriptor, to: Descriptor) => Primitive
  /** (from, to): images of float32 to [every, every, images, height / every, width / every, channels], where pixels that far apart are neighbours. */
  readonly separate: (images: number, shape: ImageShape, every: number) => Primitive
}

/** How every thread opens the native library. */
export interface NativeChoice {
  readonly name: string
  /** Whether it multiplies bfloat16 values where that pays. */
  readonly bfloat16: boolean
}

/** The native library of convolutions, opened. */
export interface NativeLibrary extends NativeChoice {
  readonly library: OneDnn
}

/** Of dnnl_types.h; the same in versions 2 and 3. */
const CPU = 1
const IN_ORDER = 1
const FILTERS = 131
const FILTER_GRADIENT = 132
/** A query for the name of the kernel, e.g. `jit:avx2` or, of the fallback, `x64:gemm:jit`. */
const IMPLEMENTATION = 8
/** A bit that the instruction sets have in common that multiply bfloat16: AVX-512 BF16, AMX, AVX10. */
const AVX512_BF16 = 0x80
/** Likewise those with AMX. */
const AMX = 0x200
const argument = { source: 1, result: 17, filters: 33, sourceGradient: 129, resultGradient: 145, filterGradient: 161 }

/** Debian's names of version 3 have the minor version in them. */
const minorVersions = Array.from({ length: 16 }, (_, i) => 15 - i)

/** Its file names under the systems' package managers: version 3 (Debian 13, Ubuntu 24.04, Homebrew) and 2 (Debian 12, Ubuntu 22.04). */
export const libraryNames: readonly string[] =
  process.platform === 'darwin'
    ? ['libdnnl.3.dylib', '/opt/homebrew/lib/libdnnl.dylib', '/usr/local/lib/libdnnl.dylib']
    : process.platform === 'win32'
      ? ['dnnl.dll']
      : ['libdnnl.so.3', ...minorVersions.map(minor => `libdnnl.so.3.${minor}`), 'libdnnl.so.2']

/** Opens the library of that name. Rejects if koffi is not installed; throws if there is no such library, or an unknown version of it. */
export const openLibrary = async (name: string): Promise<OneDnn> => {
  const { default: koffi } = await import('koffi')
  const library = koffi.load(name)
  const pointer = 'void *'
  const out = '_Out_ void **'

  /** A function whose status is checked. */
  const declare: Declare = (symbol, ...types) => {
    const native = library.func(symbol, 'int', [...types])
    return (...values) => {
      const status: unknown = native(...values)
      if (status !== 0) throw new Error(`oneDNN: ${symbol} failed with status ${String(status)}`)
    }
  }
  /** A function whose first argument is where its result goes. */
  const create: Create = (symbol, ...types) => {
    const call = declare(symbol, out, ...types)
    return (...values) => {
      const result: [Pointer] = [null]
      call(result, ...values)
      return result[0]
    }
  }

  singleThreaded(library)
  const [major, minor, patch] = koffi.decode(library.func('dnnl_version', pointer, [])(), koffi.array('int', 3)) as [
    number,
    number,
    number,
  ]
  if (major !== 2 && major !== 3) throw new Error(`oneDNN ${major} is not known here; versions 2 and 3 are`)

  const isa = Number(library.func('dnnl_get_effective_cpu_isa', 'int', [])())
  const engine = create('dnnl_engine_create', 'int', 'size_t')(CPU, 0)
  const stream = create('dnnl_stream_create', pointer, 'uint')(engine, IN_ORDER)
  const newPrimitive = create('dnnl_primitive_create', pointer)
  const newMemory = create('dnnl_memory_create', pointer, pointer, pointer)
  const place = declare('dnnl_memory_set_data_handle', pointer, pointer)
  const newReorder = create('dnnl_reorder_primitive_desc_create', pointer, pointer, pointer, pointer, pointer)
  const query = library.func('dnnl_primitive_desc_query_md', pointer, [pointer, 'int', 'int'])
  const queryText = declare('dnnl_primitive_desc_query', pointer, 'int', 'int', '_Out_ const char **')
  const equal = library.func('dnnl_memory_desc_equal', 'int', [pointer, pointer])
  const size = library.func('dnnl_memory_desc_get_size', 'size_t', [pointer])
  const Argument = koffi.struct({ argument: 'int', memory: pointer })
  const execute = declare('dnnl_primitive_execute', pointer, pointer, 'int', pointer)

  const primitiveOf =
    (description: Pointer, ...tensors: readonly (readonly [argument: number, descriptor: Descriptor])[]) =>
    (): Primitive => {
      const primitive = newPrimitive(description)
      const memories = tensors.map(([, descriptor]) => newMemory(descriptor, engine, null))
      const list: unknown = koffi.alloc(Argument, tensors.length)
      koffi.encode(
        list,
        koffi.array(Argument, tensors.length),
        tensors.map(([argument], i) => ({ argument, memory: memories[i] })),
      )
      return (...places) => {
        for (let i = 0; i < memories.length; i++) place(memories[i], places[i])
        execute(primitive, stream, memories.length, list)
      }
    }

  const tensor = major === 2 ? tensorsOf2(declare) : tensorsOf3(create)
  const convolution = major === 2 ? convolutionsOf2(declare, create, engine) : convolutionsOf3(create, engine)
  const operandsOf = ({ images, source, filters, result }: Convolution, values: Values): Operands => {
    const nhwc = ([height, width, channels]: ImageShape): Descriptor =>
      tensor.strided(
        [images, channels, height, width],
        [height * width * channels, 1, width * channels, channels],
        values,
      )
    const [height, width, inputs, outputs] = filters
    return {
      source: nhwc(source),
      filters: tensor.any([outputs, inputs, height, width], values),
      result: nhwc(result),
    }
  }
  const choose = (
    description: Pointer,
    which: number,
    tensors: (chosen: Descriptor) => readonly (readonly [number, Descriptor])[],
  ): Choice => {
    const chosen: Descriptor = query(description, which, 0)
    const implementation: [string] = ['']
    queryText(description, IMPLEMENTATION, 0, implementation)
    return {
      filters: chosen,
      primitive: primitiveOf(description, ...tensors(chosen)),
      isFallback: implementation[0].includes('gemm'),
    }
  }
  const reorder = (from: Descriptor, to: Descriptor): Primitive =>
    primitiveOf(newReorder(from, engine, to, engine, null), [argument.source, from], [argument.result, to])()

  return {
    version: `oneDNN ${major}.${minor}.${patch}`,
    fastBfloat16: (isa & AVX512_BF16) !== 0,
    amx: (isa & AMX) !== 0,
    filters: ([height, width, inputs, outputs]) =>
      tensor.strided(
        [outputs, inputs, height, width],
        [1, outputs, width * inputs * outputs, inputs * outputs],
        'float32',
      ),
    bytes: descriptor => Number(size(descriptor)),
    equal: (a, b) => equal(a, b) === 1,
    forward: (shape, values) => {
      const { source, filters } = operandsOf(shape, values)
      const { result } = operandsOf(shape, 'float32')
      return choose(convolution.forward({ source, filters, result }, shape.steps), FILTERS, chosen => [
        [argument.source, source],
        [argument.filters, chosen],
        [argument.result, result],
      ])
    },
    sourceGradient: (shape, values) => {
      const factors = operandsOf(shape, values)
      const { source } = operandsOf(shape, 'float32')
      const forward = convolution.forward(factors, shape.steps)
      const description = convolution.sourceGradient({ ...factors, source }, shape.steps, forward)
      return choose(description, FILTERS, chosen => [
        [argument.resultGradient, factors.result],
        [argument.filters, chosen],
        [argument.sourceGradient, source],
      ])
    },
    filterGradient: (shape, values) => {
      const factors = operandsOf(shape, values)
      const { filters } = operandsOf(shape, 'float32')
      const forward = convolution.forward(factors, shape.steps)
      const description = convolution.filterGradient({ ...factors, filters }, shape.steps, forward)
      return choose(description, FILTER_GRADIENT, chosen => [
        [argument.source, factors.source],
        [argument.resultGradient, factors.result],
        [argument.filterGradient, chosen],
      ])
    },
    reorder,
    separate: (images, [height, width, channels], every) => {
      const shape = [every, every, images, height / every, width / every, channels]
      const row = width * channels
      const apart = [row, channels, height * row, every * row, every * channels, 1]
      const packed = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1))
      return reorder(tensor.strided(shape, apart, 'float32'), tensor.strided(shape, packed, 'float32'))
    },
  }
}

/** Threads are ours: a call computes on the calling thread. A library without OpenMP has no such function. */
const singleThreaded = (library: LibraryHandle): void => {
  try {
    library.func('omp_set_num_threads', 'void', ['int'])(1)
  } catch {}
}
