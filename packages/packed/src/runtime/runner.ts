import type { ValueShape } from '../outline.js'
import type { Program } from '../program.js'
import type { Choice, ChosenKernels } from './choose-kernels.js'
import { executable } from './executable.js'
import { workOf } from './work.js'

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

/** RangeError unless there are as many values as `count` images have. */
export const acceptImages = ({ image }: Program, images: Float32Array, count: number): void => {
  const { height, width, channels } = image
  const numbers = height * width * channels
  if (images.length !== count * numbers)
    throw new RangeError(
      `scores: ${count} images of ${height}x${width}x${channels} have ${count * numbers} values, got ${images.length}`,
    )
}

/** A program, and the shapes of its values that its check gave. */
export interface Verified {
  readonly program: Program
  readonly shapes: readonly ValueShape[]
}

/** Lays a program out for kernels. */
export const runnerOf = ({ module, choice }: ChosenKernels, { program, shapes }: Verified): Runner => {
  const { enter, steps, value } = executable(module, program, shapes, choice.loop)
  return {
    choice,
    scores: (images, count = 1) => {
      acceptImages(program, images, count)
      const classes = shapes.at(-1)!.channels
      const scores = new Float32Array(count * classes)
      for (let i = 0; i < count; i++) {
        enter(images, i)
        for (const step of steps) step()
        scores.set(value(steps.length), i * classes)
      }
      return scores
    },
    trace: image => {
      acceptImages(program, image, 1)
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
      acceptImages(program, image, 1)
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
