import { type Geometry, geometryFields } from '../../geometry.js'
import type { Choice, OneDnn, Primitive } from './library.js'
import type { Descriptor, FilterShape, Steps, Values } from './versions.js'

/** A convolution of a number of images, prepared. */
interface Plan {
  /** (x, filters in the library's layout, y) */
  readonly forward: Primitive
  /** (dy, filters in the library's layout, dx) */
  readonly sourceGradient: Primitive
  /** (x, dy, dw in the library's layout, memory as large as x, memory as large as dy) */
  readonly filterGradient: Primitive
}

/** The filters of a convolution in the library's layouts. */
interface Layouts {
  readonly forward: Layout
  readonly sourceGradient: Layout
  /** From the library's layout to ours. */
  readonly filterGradient: Layout
}

interface Layout {
  readonly bytes: number
  readonly reorder: Primitive
}

/** All that the library prepares for a convolution of a batch that is split into groups. */
export interface Plans {
  /** Those of x and dy. Results are float32. */
  readonly values: Values
  readonly layouts: Layouts
  /** For a group of so many images. */
  readonly of: (images: number) => Plan
}

const lazy = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Pixels that the last window needs behind the image. */
const after = (out: number, size: number, stride: number, dilation: number, before: number, inside: number): number =>
  Math.max(0, (out - 1) * stride + (size - 1) * dilation + 1 - before - inside)

const stepsOf = (g: Geometry): Steps => ({
  strides: [g.stride, g.stride],
  dilations: [g.dilation, g.dilation],
  before: [g.padTop, g.padLeft],
  after: [
    after(g.outHeight, g.kernelHeight, g.stride, g.dilation, g.padTop, g.inHeight),
    after(g.outWidth, g.kernelWidth, g.stride, g.dilation, g.padLeft, g.inWidth),
  ],
})

const filtersOf = (g: Geometry): FilterShape => [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels]

const convolutionOf = (g: Geometry) =>
  ({
    images: g.batch,
    source: [g.inHeight, g.inWidth, g.inChannels],
    filters: filtersOf(g),
    result: [g.outHeight, g.outWidth, g.outChannels],
    steps: stepsOf(g),
  }) as const

/** The fields of a geometry that count pixels. */
const lengths = ['inHeight', 'inWidth', 'outHeight', 'outWidth', 'padTop', 'padLeft'] as const

/**
 * The same convolution without dilation, of more and smaller images: in each of them the pixels that are a dilation apart. Undefined if there is no
 * dilation, or the images cannot be taken apart so.
 */
const separated = (g: Geometry): Geometry | undefined => {
  if (g.dilation === 1 || g.stride > 1 || lengths.some(name => g[name] % g.dilation !== 0)) return undefined
  const shorter = Object.fromEntries(lengths.map(name => [name, g[name] / g.dilation]))
  return { ...g, ...shorter, batch: g.dilation ** 2 * g.batch, dilation: 1 }
}

/** The filter gradient of images that are taken apart first, where that spares the library its fallback: with AVX2 it has no kernel for dilated ones. */
const filterGradientOf = (library: OneDnn, g: Geometry, values: Values): Choice => {
  const whole = library.filterGradient(convolutionOf(g), values)
  const apart = whole.isFallback && values === 'float32' ? separated(g) : undefined
  const choice = apart && library.filterGradient(convolutionOf(apart), values)
  if (choice === undefined || choice.isFallback) return whole
  return {
    ...choice,
    primitive: () => {
      const { images, source, result } = convolutionOf(g)
      const [separateX, separateDy] = [source, result].map(shape => library.separate(images, shape, g.dilation)) as [
        Primitive,
        Primitive,
      ]
      const gradient = choice.primitive()
      return (x, dy, dw, ofX, ofDy) => {
        separateX(x, ofX)
        separateDy(dy, ofDy)
        gradient(ofX, ofDy, dw)
      }
    },
  }
}

const choicesFor = (library: OneDnn, g: Geometry, values: Values) => ({
  forward: library.forward(convolutionOf(g), values),
  sourceGradient: library.sourceGradient(convolutionOf(g), values),
  filterGradient: filterGradientOf(library, g, values),
})

/**
 * Whether bfloat16 pays: of 3x3 convolutions that keep the image's size. The time of 1x1 convolutions goes into memory, and a stem, whose few
 * channels are an image's, should see it as it is. Larger windows, other paddings and strides are no part of our networks, and with some
 * of them oneDNN 2.6 ends the process. Its filter gradients of dilated windows are wrong where the input's channels do not fill the last
 * block of 32: with AMX where there are more than 32, with AVX-512 BF16 alone on images 32 pixels wide, where it adds what happens to lie in memory.
 */
const narrows = (g: Geometry): boolean =>
  g.inChannels >= 8 &&
  g.kernelHeight === 3 &&
  g.kernelWidth === 3 &&
  g.stride === 1 &&
  g.padTop === g.dilation &&
  g.padLeft === g.dilation &&
  g.outHeight === g.inHeight &&
  g.outWidth === g.inWidth &&
  (g.dilation === 1 || g.inChannels % 32 === 0)

/**
 * Whether windows leave pixels out between them. With AVX2, oneDNN 2.6 computes the filter gradient of such 1x1 convolutions of fewer than 8
 * input channels with memory that is not its own, which ends the process. Such convolutions take little time, so our kernels compute all of them.
 */
const skipsPixels = (g: Geometry): boolean => g.stride > Math.min(g.kernelHeight, g.kernelWidth)

/** The sizes of the groups that a batch is cut into. */
const groupSizes = (batch: number, groups: number): readonly number[] => [
  ...new Set([Math.floor(batch / groups), Math.ceil(batch / groups)]),
]

const computations = ['forward', 'sourceGradient', 'filterGradient'] as const

/**
 * The plans of a convolution whose batch is cut into so many groups; those of a geometry are made once. Undefined where the library
 * does not compute it: an image that is cropped, windows that leave pixels out, a shape that it refuses, or groups that it wants different layouts for. With `bfloat16`
 * the products are those of bfloat16 values where that pays.
 */
export const plansOf = (
  library: OneDnn,
  { bfloat16 = false }: { readonly bfloat16?: boolean } = {},
): ((g: Geometry, groups: number) => Plans | undefined) => {
  const made = new Map<string, Plans | undefined>()
  const layout = (from: Descriptor, to: Descriptor, bytes: number): Layout => {
    const reorder = lazy(() => library.reorder(from, to))
    return { bytes, reorder: (...tensors) => reorder()(...tensors) }
  }

  const make = (g: Geometry, groups: number, values: Values): Plans | undefined => {
    const sizes = groupSizes(g.batch, groups)
    const choices = new Map(sizes.map(size => [size, choicesFor(library, { ...g, batch: size }, values)]))
    const [first, ...others] = [...choices.values()]
    const alike = others.every(choice =>
      computations.every(name => library.equal(choice[name].filters, first![name].filters)),
    )
    if (!alike) return undefined
    const ours = library.filters(filtersOf(g))
    const into = ({ filters }: Choice): Layout => layout(ours, filters, library.bytes(filters))
    const { forward, sourceGradient, filterGradient } = first!
    const plans = new Map(
      [...choices].map(([size, choice]) => [
        size,
        lazy(
          (): Plan => ({
            forward: choice.forward.primitive(),
            sourceGradient: choice.sourceGradient.primitive(),
            filterGradient: choice.filterGradient.primitive(),
          }),
        ),
      ]),
    )
    return {
      values,
      layouts: {
        forward: into(forward),
        sourceGradient: into(sourceGradient),
        filterGradient: layout(filterGradient.filters, ours, library.bytes(filterGradient.filters)),
      },
      of: images => plans.get(images)!(),
    }
  }

  const attempt = (g: Geometry, groups: number, values: Values): Plans | undefined => {
    try {
      return make(g, groups, values)
    } catch {
      return undefined
    }
  }

  const find = (g: Geometry, groups: number): Plans | undefined => {
    if (g.padTop < 0 || g.padLeft < 0 || skipsPixels(g)) return undefined
    const key = [...geometryFields.map(field => g[field]), groups].join()
    if (!made.has(key))
      made.set(
        key,
        (bfloat16 && narrows(g) ? attempt(g, groups, 'bfloat16') : undefined) ?? attempt(g, groups, 'float32'),
      )
    return made.get(key)
  }

  /** The last answer: the chunks of a convolution ask for the same plans one after another. */
  let last: { readonly g: Geometry; readonly groups: number; readonly plans: Plans | undefined } | undefined
  return (g, groups) => {
    if (last?.groups !== groups || geometryFields.some(field => last!.g[field] !== g[field]))
      last = { g, groups, plans: find(g, groups) }
    return last.plans
  }
}
