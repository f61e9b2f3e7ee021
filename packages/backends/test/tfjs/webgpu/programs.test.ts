import {
  type Kernels,
  openWebgpu,
  referenceKernels,
  type Shape,
  sizeOf,
  type TfjsTensor,
  webgpuKernels,
} from '@cpnas/backends'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { data, floats } from '../../arbitraries.js'
import { linearCase } from '../../kernel-cases/kernel-case.js'
import { kernelCases } from '../../kernel-cases.js'
import { holdToReference, kernelError, worstError } from '../../kernel-errors.js'
import { describeIfThere, openIfThere } from '../../open.js'

const opened = await openIfThere(openWebgpu)

/** What every device can bind. */
const FEWEST = 8

const valuesOf = (shape: Shape, seed = 1): readonly number[] => data(floats, shape, seed).values

describeIfThere('WebGPU programs', opened, runtime => {
  const kernels = webgpuKernels(runtime)
  /** With as few buffers as a device may allow. */
  const few = webgpuKernels(runtime, { bindings: FEWEST })
  const reference = referenceKernels()
  afterAll(() => runtime.close())

  const tensor = (shape: Shape, seed?: number, on = kernels): TfjsTensor => on.fromValues(valuesOf(shape, seed), shape)

  /** How many programs f runs; what it returns is freed. */
  const dispatchesOf = (f: () => readonly TfjsTensor[]): number => {
    const before = few.dispatches()
    const made = f()
    const count = few.dispatches() - before
    for (const x of made) few.free(x)
    return count
  }

  const manyOperands = [
    'concat',
    'affineSum',
    'channelSums',
    'squaredNorm',
    'sgdStep',
    'adamStep',
    'conv2dGrad',
    'depthwiseConv2dGrad',
  ]
  test.each(kernelCases.filter(([name]) => manyOperands.includes(name)))(
    '%s with as few buffers as a device may allow',
    async (_, cases) => {
      await fc.assert(
        fc.asyncProperty(cases, async kernelCase => {
          await holdToReference(few, reference, kernelCase)
          expect(few.memory()).toEqual({ tensors: 0, bytes: 0 })
        }),
        { numRuns: 8 },
      )
    },
  )

  const matrices: readonly Shape[] = [
    [70001, 1],
    [1, 70001],
    [9001, 3],
    [4100, 64],
    [1025, 65],
    [300, 1030],
    [2, 9, 9, 255],
  ]
  const reductions = <H>(k: Kernels<H>, x: H, dy: H, mean: H): readonly H[] => {
    const { dy: sum, dyx } = k.channelSums(dy, [{ x, mean }])
    const outer = k
      .shapeOf(x)
      .slice(0, -1)
      .map((_, axis) => axis)
    const moments = k.moments(x)
    return [sum, dyx[0]!, moments.mean, moments.variance, k.sum(x, outer), k.sum(x), k.sum(x, [outer.length])]
  }
  test.each(matrices.map(shape => [shape.join(' x '), shape] as const))(
    'reductions of %s are right, and the same bits again',
    async (_, shape) => {
      const operands = [data(floats, shape, 1), data(floats, shape, 2), data(floats, shape.slice(-1), 3)]
      const kernelCase = linearCase('', operands, sizeOf(shape), (k, x, dy, mean) => reductions(k, x!, dy!, mean!))
      // Of absolute values, sums of products with a negative mean are sums of positive terms; so are squares of sums.
      const { ratio, where } = await kernelError(kernels, reference, {
        ...kernelCase,
        magnitude: k => {
          const [x, dy, mean] = operands.map(({ values, shape }) => k.fromValues(values.map(Math.abs), shape))
          const negative = k.unary('neg', mean!)
          const [sum, product, average, , ...sums] = reductions(k, x!, dy!, negative)
          return [sum!, product!, average!, k.fill(16, shape.slice(-1)), ...sums]
        },
      })
      expect(ratio, where).toBeLessThan(1)

      const read = async () => {
        const [x, dy, mean] = operands.map(({ values, shape }) => kernels.fromValues(values, shape))
        const made = reductions(kernels, x!, dy!, mean!)
        const values = await Promise.all(made.map(kernels.read))
        for (const handle of [...made, x!, dy!, mean!]) kernels.free(handle)
        return values
      }
      expect(await read()).toEqual(await read())
    },
  )

  test('more elements than one axis has workgroups for', async () => {
    const size = 256 * 65535 + 1000
    const made: TfjsTensor[] = []
    const keep = (x: TfjsTensor): TfjsTensor => {
      made.push(x)
      return x
    }
    const threes = keep(kernels.fill(3, [size / 4, 4]))
    const ones = keep(kernels.binary('sub', threes, keep(kernels.fill(2, [4]))))
    const padded = keep(kernels.pad(keep(kernels.unary('neg', ones)), [0, 0], [1, 0]))
    const ends = keep(kernels.slice(padded, [size / 4 - 1, 0], [2, 4]))
    expect([...(await kernels.read(ends))]).toEqual([-1, -1, -1, -1, 0, 0, 0, 0])
    expect([...(await kernels.read(keep(kernels.sum(ones, [0]))))]).toEqual(new Array(4).fill(size / 4))
    expect([...(await kernels.read(keep(kernels.squaredNorm([ones]))))]).toEqual([size])
    for (const x of made) kernels.free(x)
  })

  test('a variance far from zero is that of the differences from the mean', async () => {
    const shape = [20000, 3]
    const x = kernels.fromValues(
      valuesOf(shape).map((v, i) => (i % 3 === 0 ? v + 4096 : v)),
      shape,
    )
    const y = tensor(shape)
    const [far, near] = [kernels.moments(x), kernels.moments(y)]
    const [shifted, plain] = [await kernels.read(far.variance), await kernels.read(near.variance)]
    // Adding 4096 rounds the values themselves.
    expect(Math.abs(shifted[0]! - plain[0]!)).toBeLessThan(1e-4)
    expect(shifted.slice(1)).toEqual(plain.slice(1))
    for (const handle of [x, y, far.mean, far.variance, near.mean, near.variance]) kernels.free(handle)
  })

  const consumers: readonly (readonly [string, (into: TfjsTensor, x: TfjsTensor) => TfjsTensor])[] = [
    ['accumulate', (into, x) => kernels.accumulate(into, x)],
    ['affineSum', (into, x) => kernels.affineSum([{ x }, { x }], undefined, into)],
  ]
  test.each(consumers)('%s writes into memory that nobody else holds, and only then', async (_, consume) => {
    const shape = [5, 7, 3]
    const before = kernels.memory()
    const [x, held] = [tensor(shape, 1), tensor(shape, 2)]
    const values = Float32Array.from(valuesOf(shape, 2))
    const shared = consume(kernels.reshape(held, shape), x)
    // Read before it is overwritten: what was read must not be taken for what it is afterwards.
    expect(await kernels.read(held)).toEqual(values)

    const row = kernels.slice(held, [1, 0, 0], [1, 7, 3])
    const alias = kernels.reshape(row, [1, 7, 3])
    const sum = consume(row, alias)
    expect(await kernels.read(held)).toEqual(values)

    kernels.free(alias)
    const { bytes } = kernels.memory()
    const owned = consume(held, x)
    expect(kernels.memory().bytes).toBe(bytes)
    expect(await kernels.read(owned)).toEqual(await kernels.read(shared))
    expect(await kernels.read(owned)).not.toEqual(values)
    for (const handle of [x, shared, owned, sum]) kernels.free(handle)
    expect(kernels.memory()).toEqual(before)
  })

  test('what takes one program, and what two', () => {
    const shape = [40, 16, 16, 12]
    const x = tensor(shape, 1, few)
    const channel = tensor([12], 2, few)
    const vectors = { mean: channel, variance: channel }
    const folded = { precision: channel, scale: channel, shift: channel }
    const terms = Array.from({ length: 3 }, () => ({ x, scale: channel, mean: channel }))
    const counts = {
      moments: dispatchesOf(() => Object.values(few.moments(x))),
      affineSum: dispatchesOf(() => [few.affineSum(terms, channel)]),
      channelSums: dispatchesOf(() => {
        const { dy, dyx } = few.channelSums(x, terms)
        return [dy, ...dyx]
      }),
      fold: dispatchesOf(() => Object.values(few.foldNormalization(vectors.mean, vectors.variance, 1e-5))),
      foldGrad: dispatchesOf(() =>
        Object.values(few.foldNormalizationGrad(channel, folded, { dy: channel, dyx: channel }, 9)),
      ),
      reshape: dispatchesOf(() => [few.reshape(x, [40 * 16, 16 * 12]), few.slice(x, [3, 0, 0, 0], [9, 16, 16, 12])]),
    }
    expect(counts).toEqual({ moments: 2, affineSum: 1, channelSums: 2, fold: 1, foldGrad: 1, reshape: 0 })
    for (const handle of [x, channel]) few.free(handle)
  })

  /** Per channel: two normalizations of x, with the gradients of one of them by different sums. */
  const normalizations = <H>(k: Kernels<H>, x: H, y: H, dy: H, gamma: H): readonly H[] => {
    const [first, second] = [k.moments(x), k.moments(y)]
    const fold = (epsilon: number, scale?: H) => k.foldNormalization(first.mean, first.variance, epsilon, scale)
    const folded = [fold(1e-5), fold(0.5), fold(1e-5, gamma), fold(0.5)]
    const crossed = k.foldNormalization(first.mean, second.variance, 0.5)
    const rows = sizeOf(k.shapeOf(x)) / sizeOf(k.shapeOf(gamma))
    const { dy: sum, dyx } = k.channelSums(dy, [
      { x: y, mean: second.mean },
      { x, mean: first.mean },
    ])
    const other = k.channelSums(dy, [{ x, mean: gamma }])
    const gradients = [
      ...[...folded, crossed].map(f => k.foldNormalizationGrad(first.mean, f, { dy: sum, dyx: dyx[1]! }, rows)),
      k.foldNormalizationGrad(first.mean, folded[0]!, { dy: sum, dyx: dyx[0]! }, rows),
      k.foldNormalizationGrad(first.mean, folded[0]!, { dy: sum, dyx: dyx[1]! }, 3),
      k.foldNormalizationGrad(first.mean, folded[0]!, { dy: gamma, dyx: dyx[1]! }, rows),
      k.foldNormalizationGrad(first.mean, folded[0]!, { dy: other.dy, dyx: other.dyx[0]! }, rows),
      k.foldNormalizationGrad(gamma, folded[0]!, { dy: sum, dyx: dyx[1]! }, rows),
    ]
    const statistics = [first.mean, first.variance, second.mean, second.variance, sum, ...dyx, other.dy, ...other.dyx]
    return [
      ...[...folded, crossed].flatMap(({ precision, scale, shift }) => [precision, scale, shift]),
      ...gradients.flatMap(({ slope, offset }) => [slope, offset]),
      ...statistics,
    ]
  }
  test.each([
    ['one chunk', [3, 5, 7]],
    ['several chunks', [30, 40, 6]],
  ] as const)('what is computed ahead of a normalization of %s is what it would be', async (_, shape) => {
    const operands = [...[1, 2, 3].map(seed => data(floats, shape, seed)), data(floats, shape.slice(-1), 4)]
    const read = async <H>(k: Kernels<H>): Promise<readonly ArrayLike<number>[]> => {
      const [x, y, dy, gamma] = operands.map(({ values, shape }) => k.fromValues(values, shape))
      const made = normalizations(k, x!, y!, dy!, gamma!)
      const values = await Promise.all(made.map(k.read))
      for (const handle of [...made, x!, y!, dy!, gamma!]) k.free(handle)
      return values
    }
    const expected = await read(reference)
    for (const again of [0, 1]) {
      const before = kernels.memory()
      const actual = await read(kernels)
      const { ratio, where } = worstError(
        actual,
        expected,
        (output, i) => 1e-5 * (Math.abs(expected[output]![i]!) + 0.1),
      )
      expect(ratio, `${where} ${again}`).toBeLessThan(1)
      expect(kernels.memory()).toEqual(before)
    }
  })

  test('a plain normalization takes programs for its sums only', () => {
    const shape = [40, 16, 16, 12]
    const [x, dy] = [tensor(shape, 1, few), tensor(shape, 2, few)]
    const count = dispatchesOf(() => {
      const { mean, variance } = few.moments(x)
      const folded = few.foldNormalization(mean, variance, 1e-5)
      const { dy: sum, dyx } = few.channelSums(dy, [{ x, mean }])
      const { slope, offset } = few.foldNormalizationGrad(mean, folded, { dy: sum, dyx: dyx[0]! }, 40 * 16 * 16)
      return [mean, variance, ...Object.values(folded), sum, ...dyx, slope, offset]
    })
    expect(count).toBe(4)
    for (const handle of [x, dy]) few.free(handle)
  })

  test('steps of the optimizer: right after each other, in few programs, in constant memory', async () => {
    const shapes: readonly Shape[] = Array.from({ length: 100 }, (_, i) => [(i % 7) + 1, (i % 5) + 1, 3])
    const coefficients = { learningRate: 0.125, momentum: 0.5, weightDecay: 0.0625 }
    const counts: number[] = []
    const train = async <H>(k: Kernels<H>, onStep: () => void): Promise<readonly (readonly number[])[]> => {
      let learned = shapes.map((shape, i) => ({
        parameter: k.fromValues(valuesOf(shape, i), shape),
        velocity: undefined as H | undefined,
      }))
      for (let step = 0; step < 4; step++) {
        const gradients = shapes.map((shape, i) => k.fromValues(valuesOf(shape, 1000 * step + i), shape))
        const updates = learned.map((state, i) => ({ ...state, gradient: gradients[i]!, limit: i % 2 ? 1 : undefined }))
        const chosen = updates.filter((_, i) => step === 0 || (i + step) % 3 > 0)
        const results = k.sgdStep(chosen, coefficients)
        learned = updates.map((update, i) => {
          const place = chosen.indexOf(update)
          if (place < 0) return learned[i]!
          k.free(update.parameter)
          if (update.velocity !== undefined) k.free(update.velocity)
          return results[place]!
        })
        for (const gradient of gradients) k.free(gradient)
        onStep()
      }
      const values = await Promise.all(learned.map(async ({ parameter }) => [...(await k.read(parameter))]))
      for (const { parameter, velocity } of learned) {
        k.free(parameter)
        k.free(velocity!)
      }
      return values
    }
    const before = few.memory()
    let last = few.dispatches()
    const actual = await train(few, () => {
      counts.push(few.dispatches() - last)
      last = few.dispatches()
    })
    const expected = await train(reference, () => {})
    actual.forEach((values, i) => {
      for (const [j, v] of values.entries()) expect(v).toBeCloseTo(expected[i]![j]!, 5)
    })
    expect(counts[0]).toBe(Math.ceil(100 / Math.floor((FEWEST - 1) / 2)))
    // Gradients alone take a buffer each.
    expect(counts[1]).toBe(Math.ceil(67 / (FEWEST - 2)))
    expect(few.memory()).toEqual(before)
  })
})
