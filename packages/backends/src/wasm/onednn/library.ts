import type { LibraryHandle } from 'koffi'
import {
  type Create,
  convolutionsOf2,
  convolutionsOf3,
  type Declare,
  type Descriptor,
  type FilterShape,
  type Pointer,
  type Steps,
  tensorsOf2,
  tensorsOf3,
} from './versions.js'

/** A computation on fixed shapes that the library has prepared; every call says where its tensors lie. */
export type Primitive = (...tensors: readonly Pointer[]) => void

/** How the library wants to compute a convolution or one of its gradients: its own layout of the filters, and the primitive. */
export interface Choice {
  readonly filters: Descriptor
  readonly primitive: () => Primitive
}

/** The part of oneDNN that is used. Every function throws where the library reports an error. */
export interface OneDnn {
  /** E.g. `oneDNN 2.6.3`. */
  readonly version: string
  /** NHWC images of [batch, height, width, channels]. */
  readonly images: (batch: number, height: number, width: number, channels: number) => Descriptor
  /** HWIO filters. */
  readonly filters: (shape: FilterShape) => Descriptor
  readonly bytes: (descriptor: Descriptor) => number
  readonly equal: (a: Descriptor, b: Descriptor) => boolean
  /** (source, filters, result) */
  readonly forward: (source: Descriptor, filters: FilterShape, result: Descriptor, steps: Steps) => Choice
  /** (gradient of the result, filters, gradient of the source) */
  readonly sourceGradient: (source: Descriptor, filters: FilterShape, result: Descriptor, steps: Steps) => Choice
  /** (source, gradient of the result, gradient of the filters) */
  readonly filterGradient: (source: Descriptor, filters: FilterShape, result: Descriptor, steps: Steps) => Choice
  /** (from, to) */
  readonly reorder: (from: Descriptor, to: Descriptor) => Primitive
}

/** Of dnnl_types.h; the same in versions 2 and 3. */
const CPU = 1
const IN_ORDER = 1
const FILTERS = 131
const FILTER_GRADIENT = 132
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

  const engine = create('dnnl_engine_create', 'int', 'size_t')(CPU, 0)
  const stream = create('dnnl_stream_create', pointer, 'uint')(engine, IN_ORDER)
  const newPrimitive = create('dnnl_primitive_create', pointer)
  const newMemory = create('dnnl_memory_create', pointer, pointer, pointer)
  const place = declare('dnnl_memory_set_data_handle', pointer, pointer)
  const newReorder = create('dnnl_reorder_primitive_desc_create', pointer, pointer, pointer, pointer, pointer)
  const query = library.func('dnnl_primitive_desc_query_md', pointer, [pointer, 'int', 'int'])
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
  const choose = (
    [height, width, inputs, outputs]: FilterShape,
    which: number,
    make: (any: Descriptor) => Pointer,
    tensors: (chosen: Descriptor) => readonly (readonly [number, Descriptor])[],
  ): Choice => {
    const description = make(tensor.any([outputs, inputs, height, width]))
    const chosen: Descriptor = query(description, which, 0)
    return { filters: chosen, primitive: primitiveOf(description, ...tensors(chosen)) }
  }

  return {
    version: `oneDNN ${major}.${minor}.${patch}`,
    images: (batch, height, width, channels) =>
      tensor.strided([batch, channels, height, width], [height * width * channels, 1, width * channels, channels]),
    filters: ([height, width, inputs, outputs]) =>
      tensor.strided([outputs, inputs, height, width], [1, outputs, width * inputs * outputs, inputs * outputs]),
    bytes: descriptor => Number(size(descriptor)),
    equal: (a, b) => equal(a, b) === 1,
    forward: (source, filters, result, steps) =>
      choose(
        filters,
        FILTERS,
        any => convolution.forward(source, any, result, steps),
        chosen => [
          [argument.source, source],
          [argument.filters, chosen],
          [argument.result, result],
        ],
      ),
    sourceGradient: (source, filters, result, steps) =>
      choose(
        filters,
        FILTERS,
        any => convolution.sourceGradient(source, any, result, steps),
        chosen => [
          [argument.resultGradient, result],
          [argument.filters, chosen],
          [argument.sourceGradient, source],
        ],
      ),
    filterGradient: (source, filters, result, steps) =>
      choose(
        filters,
        FILTER_GRADIENT,
        any => convolution.filterGradient(source, any, result, steps),
        chosen => [
          [argument.source, source],
          [argument.resultGradient, result],
          [argument.filterGradient, chosen],
        ],
      ),
    reorder: (from, to) =>
      primitiveOf(newReorder(from, engine, to, engine, null), [argument.source, from], [argument.result, to])(),
  }
}

/** Threads are ours: a call computes on the calling thread. A library without OpenMP has no such function. */
const singleThreaded = (library: LibraryHandle): void => {
  try {
    library.func('omp_set_num_threads', 'void', ['int'])(1)
  } catch {}
}
