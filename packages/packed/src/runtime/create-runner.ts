import { verified } from '../check.js'
import { demand } from '../errors.js'
import { compileKernels, hasRelaxedSimd } from '../kernels/compile.js'
import type { PackedModel } from '../program.js'
import { type Measured, measureLoops } from './choose-loop.js'
import { executable } from './executable.js'
import type { Loop } from './products.js'
import { workOf } from './work.js'

/** How a model is run. */
export interface RunnerOptions {
  /** The loop over channels of binary convolutions; both give the same bits. Default 'auto': the one that a short measurement finds faster. */
  readonly loop?: 'auto' | Loop
  /** Whether the kernels use relaxed SIMD. Default 'auto': where there is such. */
  readonly relaxed?: 'auto' | boolean
}

/** What a runner computes with. */
export interface Choice {
  readonly loop: Loop
  readonly relaxed: boolean
  /** What the loops took for the same layer, if that decided. */
  readonly measured?: Measured
}

/** What a step takes. */
export interface StepProfile {
  /** Position in the program. */
  readonly step: number
  readonly kind: string
  /** Of one image, the median. */
  readonly milliseconds: number
  /** Multiply-accumulates of one image. */
  readonly binaryMacs: number
  readonly floatMacs: number
}

/** A packed model, ready to run. */
export interface Runner {
  readonly choice: Choice
  /**
   * Scores [count, classes] of normalized images [count, height, width, channels], at once and on this thread. RangeError for
   * another number of values. Default of `count`: 1.
   */
  readonly scores: (images: Float32Array, count?: number) => Float32Array
  /** Every value of the program for one image, as `interpret` gives them: floats, or a byte for every bit. */
  readonly trace: (image: Float32Array) => readonly (Float32Array | Uint8Array)[]
  /** How long each step takes for one image: the median of `repeat` runs, default 20. */
  readonly profile: (image: Float32Array, repeat?: number) => readonly StepProfile[]
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/**
 * Lays a model out for the WebAssembly kernels, in memory of its own: the fast engine, in Node and browsers. Rejects where
 * WebAssembly has no SIMD (`interpret` runs there), and with a RangeError for a program that is none.
 */
export const createRunner = async (
  { program }: PackedModel,
  { loop = 'auto', relaxed = 'auto' }: RunnerOptions = {},
): Promise<Runner> => {
  const shapes = demand('createRunner', () => verified(program))
  const possible = hasRelaxedSimd()
  const isRelaxed = relaxed === 'auto' ? possible : relaxed
  const module = await compileKernels(isRelaxed)
  const measured = loop === 'auto' ? measureLoops(module) : undefined
  const chosen = loop === 'auto' ? (measured!.popcount < measured!.lookup ? 'popcount' : 'lookup') : loop
  const { enter, steps, value } = executable(module, program, chosen)
  const { height, width, channels } = program.image
  const numbers = height * width * channels

  const accept = (images: Float32Array, count: number): void => {
    if (images.length !== count * numbers)
      throw new RangeError(
        `scores: ${count} images of ${height}x${width}x${channels} have ${count * numbers} values, got ${images.length}`,
      )
  }
  const run = (images: Float32Array, i: number): void => {
    enter(images, i)
    for (const step of steps) step()
  }

  return {
    choice: { loop: chosen, relaxed: isRelaxed, ...(measured && { measured }) },
    scores: (images, count = 1) => {
      accept(images, count)
      const classes = shapes.at(-1)!.channels
      const scores = new Float32Array(count * classes)
      for (let i = 0; i < count; i++) {
        run(images, i)
        scores.set(value(steps.length), i * classes)
      }
      return scores
    },
    trace: image => {
      accept(image, 1)
      enter(image, 0)
      const first = value(0)
      return [
        first,
        ...steps.map((step, i) => {
          step()
          return value(i + 1)
        }),
      ]
    },
    profile: (image, repeat = 20) => {
      accept(image, 1)
      const times = steps.map((): number[] => [])
      for (let r = 0; r < repeat; r++) {
        enter(image, 0)
        steps.forEach((step, i) => {
          const start = performance.now()
          step()
          times[i]!.push(performance.now() - start)
        })
      }
      const work = workOf(program, shapes)
      return program.steps.map(({ kind }, step) => ({
        step,
        kind,
        milliseconds: median(times[step]!),
        binaryMacs: work[step]!.binary,
        floatMacs: work[step]!.float,
      }))
    },
  }
}
