import { convGeometry, type Kernels, referenceKernels, sizeOf, wasmKernels } from '@cpnas/backends'
import fc from 'fast-check'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, expect, test } from 'vitest'
import { convolutionCases } from '../kernel-cases/convolution.js'
import { holdToReference } from '../kernel-errors.js'
import { describeIfThere } from '../open.js'
import { withBfloat16 } from './onednn.js'

const reference = referenceKernels()
type Handle = ReturnType<typeof reference.fromValues>

/** 3x3 over an image of 16 channels, as many outputs. */
const geometry = {
  ...{ batch: 2, inHeight: 5, inWidth: 6, inChannels: 16, outHeight: 5, outWidth: 6, outChannels: 16 },
  ...{ kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1, padTop: 1, padLeft: 1 },
}
const [imageShape, filterShape] = [
  [2, 5, 6, 16],
  [3, 3, 16, 16],
] as const
const [imageSize, filterSize] = [960, 2304]

/** A 3x3 convolution as networks have them, and the seed of its values. */
interface Layer {
  readonly batch: number
  readonly size: number
  readonly inChannels: number
  readonly outChannels: number
  readonly dilation: number
  readonly seed: number
}

const channels = fc.oneof(fc.constantFrom(8, 16, 24, 32, 48, 64, 96), fc.integer({ min: 8, max: 100 }))
const layers: fc.Arbitrary<Layer> = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  size: fc.constantFrom(4, 7, 8, 14, 16, 28, 32),
  inChannels: channels,
  outChannels: channels,
  dilation: fc.constantFrom(1, 2, 3),
  seed: fc.integer(),
})

/** The values of the convolution and of both gradients, of small whole numbers. */
const computed = async <H>(kernels: Kernels<H>, layer: Layer) => {
  const { batch, size, inChannels, outChannels, dilation, seed } = layer
  const shapes = {
    x: [batch, size, size, inChannels],
    w: [3, 3, inChannels, outChannels],
    dy: [batch, size, size, outChannels],
  }
  const generator = xoroshiro128plus(seed)
  const whole = (shape: readonly number[], largest: number): H =>
    kernels.fromValues(
      Int8Array.from({ length: sizeOf(shape) }, () => uniformInt(generator, -largest, largest)),
      shape,
    )
  const [x, w, dy] = [whole(shapes.x, 1), whole(shapes.w, 1), whole(shapes.dy, 3)]
  const geometry = convGeometry(shapes.x, shapes.w, { dilation })
  const y = kernels.conv2d(x, w, geometry, { activation: 'identity' })
  const wanted = { input: {}, filters: true }
  const { input, filters } = kernels.conv2dGrad({ dy }, w, x, geometry, { activation: 'identity' }, wanted)
  const values = await Promise.all([y, input!, filters!].map(kernels.read))
  for (const handle of [x, w, dy, y, input!, filters!]) kernels.free(handle)
  return values
}

/** The convolution of these values by an engine. */
const convolved = async <H>(kernels: Kernels<H>, x: ArrayLike<number>, w: ArrayLike<number>) => {
  const [images, filters] = [kernels.fromValues(x, imageShape), kernels.fromValues(w, filterShape)]
  const y = kernels.conv2d(images, filters, geometry, { activation: 'identity' })
  const values = await kernels.read(y)
  for (const handle of [images, filters, y]) kernels.free(handle)
  return [...values]
}

/** Filters that give every channel back. */
const center = Array.from({ length: filterSize }, (_, i) => {
  const [tap, input, output] = [Math.floor(i / 256), Math.floor(i / 16) % 16, i % 16]
  return tap === 4 && input === output ? 1 : 0
})

const factor = fc.constantFrom(-1, 1)

const [options] = withBfloat16({ threads: 1 })
const opened = options && (await wasmKernels(options))

describeIfThere('products of bfloat16', opened, kernels => {
  afterAll(() => kernels.close())

  test.each([
    ['a number of 8 bits stays', 1.0078125, 1.0078125],
    ['the nearer of two neighbours', 1 + 3 / 512, 1.0078125],
    ['in the middle the even one, below', 1 + 1 / 256, 1],
    ['in the middle the even one, above', 1 + 3 / 256, 1 + 4 / 256],
    ['of a negative number likewise', -1 - 3 / 256, -1 - 4 / 256],
    ['a carry goes into the exponent', 2 - 1 / 512, 2],
    ['what is below the normal numbers counts as zero', 1e-40, 0],
  ])('%s: %d is %d', async (_, value, expected) => {
    const y = await convolved(
      kernels,
      Array.from({ length: imageSize }, () => value),
      center,
    )
    for (const one of y) expect(one).toBe(Math.fround(expected))
  })

  test('NaN stays NaN, whatever its bits', async () => {
    for (const bits of [0x7fc00000, 0x7fffffff, 0xffffffff, 0x7f800001]) {
      const x = new Float32Array(new Uint32Array(imageSize).fill(bits).buffer)
      expect((await convolved(kernels, x, center)).every(Number.isNaN)).toBe(true)
    }
  })

  test.each(['conv2d', 'conv2dGrad'] as const)(
    '%s equals reference within two roundings of 2^-8 of every term, besides the bound of float32',
    async name => {
      await fc.assert(
        fc.asyncProperty(convolutionCases[name], async kernelCase => {
          const before = kernels.memory()
          await holdToReference(kernels, reference, kernelCase, 0, 2 ** -7 + 2 ** -16)
          expect(kernels.memory()).toEqual(before)
        }),
        { numRuns: 120 },
      )
    },
  )

  test('sums of small whole numbers are exact at the sizes of networks, whatever was in the memory that the library takes', async () => {
    // Memory that glibc gives is not zero in these tests: see vitest.config.ts.
    const exact = await wasmKernels({ threads: 1 })
    await fc.assert(
      fc.asyncProperty(layers, async layer => {
        const [found, right] = [await computed(kernels, layer), await computed(exact, layer)]
        expect(found.map((values, i) => values.findIndex((value, j) => value !== right[i]![j]))).toEqual([-1, -1, -1])
      }),
      { numRuns: 60, examples: [[{ batch: 2, size: 32, inChannels: 24, outChannels: 24, dilation: 2, seed: 1 }]] },
    )
    await exact.close()
  })

  test('signs times filters of one scale a channel are exact, up to the rounding of the scale', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(factor, { minLength: imageSize, maxLength: imageSize }),
        fc.array(factor, { minLength: filterSize, maxLength: filterSize }),
        fc.array(fc.float({ min: Math.fround(2 ** -10), max: 4, noNaN: true }), { minLength: 16, maxLength: 16 }),
        async (signs, filterSigns, scales) => {
          const exact = await convolved<Handle>(reference, signs, filterSigns)
          const y = await convolved(
            kernels,
            signs,
            filterSigns.map((sign, i) => sign * scales[i % 16]!),
          )
          for (const [i, value] of y.entries()) {
            if (exact[i] === 0) expect(value).toBe(0)
            else {
              const scale = value / exact[i]!
              expect(Math.abs(scale / scales[i % 16]! - 1)).toBeLessThanOrEqual(2 ** -8)
              expect(value).toBe(exact[i]! * scale)
              // The same for all pixels of a channel.
              const other = exact.findIndex((one, j) => j % 16 === i % 16 && one !== 0)
              expect(scale).toBe(y[other]! / exact[other]!)
            }
          }
        },
      ),
      { numRuns: 20 },
    )
  })
})
