import {
  convGeometry,
  type Geometry,
  inputShape,
  type Kernels,
  outputShape,
  sizeOf,
  wasmKernels,
} from '@cpnas/backends'
import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { computesRight, findLibrary } from '../../src/wasm/onednn/find.js'
import { type OneDnn, openLibrary } from '../../src/wasm/onednn/library.js'
import { plansOf } from '../../src/wasm/onednn/plan.js'
import { describeIfThere } from '../open.js'
import { oneDnn } from './onednn.js'

test('a library that is not there: says how to install one', async () => {
  const missing = await findLibrary(['libdnnl-of-no-version.so'])()
  expect(missing).toMatchObject(
    E.left({ _tag: 'BackendUnavailable', where: 'onednn', problem: expect.stringContaining('no oneDNN library') }),
  )
  expect(E.isLeft(missing) && missing.left.remedy).toContain('Install it')
})

const opened = oneDnn === undefined ? undefined : await openLibrary(oneDnn)

describeIfThere('oneDNN', opened, library => {
  test('it is found, and computes right', async () => {
    expect(await findLibrary()()).toMatchObject(E.right({ name: oneDnn, version: library.version }))
    expect(library.version).toMatch(/^oneDNN [23]\.\d+\.\d+$/)
  })

  test.each(['forward', 'sourceGradient', 'filterGradient'] as const)(
    'one that errs in %s is passed over',
    async name => {
      const wrong: OneDnn = {
        ...library,
        [name]: (...operands: Parameters<OneDnn['forward']>) => {
          const choice = library[name](...operands)
          return {
            ...choice,
            primitive: () => {
              const run = choice.primitive()
              return (...tensors: readonly Float32Array[]) => {
                run(...tensors)
                tensors[2]![0]! += 0.01
              }
            },
          }
        },
      }
      expect(await computesRight(library)).toBe(true)
      expect(await computesRight(wrong)).toBe(false)
    },
  )

  test('a library of another kind is passed over', async () => {
    expect(await findLibrary(['libm.so.6'])()).toMatchObject(E.left({ _tag: 'BackendUnavailable' }))
  })

  test('the filter gradient of dilated windows is that of images taken apart', () => {
    const whole = plansOf({
      ...library,
      filterGradient: (...operands) => ({ ...library.filterGradient(...operands), isFallback: false }),
    })
    const apart = plansOf({
      ...library,
      filterGradient: (convolution, values) => ({
        ...library.filterGradient(convolution, values),
        isFallback: convolution.steps.dilations[0] > 1,
      }),
    })
    const filterGradient = (plans: ReturnType<typeof plansOf>, g: Geometry) => {
      const numbers = (shape: readonly number[], step: number): Float32Array =>
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * step) % 17) - 8)
      const [x, dy] = [numbers(inputShape(g), 7), numbers(outputShape(g), 11)]
      const { layouts, of } = plans(g, 1)!
      const dw = new Float32Array(layouts.filterGradient.bytes / 4)
      of(g.batch).filterGradient(x, dy, dw, new Float32Array(x.length), new Float32Array(dy.length))
      const filters = new Float32Array(g.kernelHeight * g.kernelWidth * g.inChannels * g.outChannels)
      layouts.filterGradient.reorder(dw, filters)
      return filters
    }
    for (const size of [3, 5])
      for (const dilation of [2, 3])
        for (const [height, width] of [
          [6, 12],
          [8, 6],
        ] as const) {
          const g = convGeometry([3, height, width, 9], [size, size, 9, 10], { dilation })
          expect(filterGradient(apart, g)).toEqual(filterGradient(whole, g))
        }
  })

  test('it computes all that networks ask for but windows that leave pixels out, and an image that is cropped', async () => {
    const plans = plansOf(library)
    const shape = [33, 9, 9, 5]
    for (const size of [1, 3, 5])
      for (const stride of [1, 2])
        for (const dilation of [1, 2])
          expect(plans(convGeometry(shape, [size, size, 5, 7], { stride, dilation }), 16) !== undefined).toBe(
            size >= stride,
          )
    const padding = { top: -1, bottom: 0, left: -1, right: 0 }
    const cropped = convGeometry(shape, [3, 3, 5, 7], { padding })
    expect(plans(cropped, 16)).toBeUndefined()

    const run = async <H>(kernels: Kernels<H>) => {
      const x = kernels.fromValues(
        Float32Array.from({ length: 33 * 81 * 5 }, (_, i) => i % 7),
        shape,
      )
      const w = kernels.fromValues(
        Float32Array.from({ length: 315 }, (_, i) => i % 5),
        [3, 3, 5, 7],
      )
      return [...(await kernels.read(kernels.conv2d(x, w, cropped, { activation: 'identity' })))]
    }
    const [ours, its] = await Promise.all([wasmKernels({ threads: 1 }), wasmKernels({ threads: 1, oneDnn: oneDnn! })])
    expect(await run(its)).toEqual(await run(ours))
    await Promise.all([ours.close(), its.close()])
  })
})
