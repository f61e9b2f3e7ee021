import type { Kernels } from '../kernels/exports.js'
import type { ValueShape } from '../outline.js'
import type { Program, Step, Value } from '../program.js'
import { type MapPlace, mapBytes, pixelBytes } from './maps.js'
import { type Plan, planMemory } from './plan.js'
import type { Loop } from './products.js'
import { planStep } from './steps.js'

type Run = (kernels: Kernels) => void

/** A program laid out in the memory of the kernels. */
export interface Executable {
  /** Normalized pixels [height, width, channels]. */
  readonly enter: (images: Float32Array, first: number) => void
  /** Of step i, at position i; in turn. */
  readonly steps: readonly (() => void)[]
  /** Value i as long as no later step has taken its place: floats, or a byte for every bit. */
  readonly value: (i: Value) => Float32Array | Uint8Array
}

/** The values that a step reads. */
const readBy = (step: Step): readonly Value[] => {
  const operands = step.kind === 'sum' ? step.terms : [step]
  return operands.flatMap(operand => ('inputs' in operand ? operand.inputs : [operand.input]))
}

/** The last step that reads each value; of the scores, and of a value that nobody reads, the step that makes it. */
const lastReaders = ({ steps }: Program): readonly number[] => {
  const last = [-1, ...steps.keys()]
  steps.forEach((step, i) => {
    for (const value of readBy(step)) last[value] = i
  })
  return last
}

const placeOf = (plan: Plan, shape: ValueShape): MapPlace => ({
  address: plan.allocate(mapBytes(shape)),
  pixel: pixelBytes(shape.kind, shape.channels),
  height: shape.height,
  width: shape.width,
  channels: shape.channels,
})

/** Calls for every step. A value's room is taken by others once its last reader is done; the scores keep theirs. */
const planProgram = (plan: Plan, program: Program, shapes: readonly ValueShape[], loop: Loop) => {
  const last = lastReaders(program)
  const places = [placeOf(plan, shapes[0]!)]
  const runs = program.steps.map((step, i): readonly Run[] => {
    const to = placeOf(plan, shapes[i + 1]!)
    const calls = planStep(plan, loop, step, places, to)
    places.push(to)
    const scores = i === program.steps.length - 1
    places.forEach(({ address }, value) => {
      if (last[value] === i && !(scores && value === i + 1)) plan.release(address)
    })
    return calls
  })
  return { places, runs }
}

const readFloats = (memory: WebAssembly.Memory, { address, pixel, height, width, channels }: MapPlace) => {
  const values = new Float32Array(height * width * channels)
  for (let i = 0; i < height * width; i++)
    values.set(new Float32Array(memory.buffer, address + i * pixel, channels), i * channels)
  return values
}

const readBits = (memory: WebAssembly.Memory, { address, pixel, height, width, channels }: MapPlace) => {
  const bytes = new Uint8Array(memory.buffer)
  return Uint8Array.from({ length: height * width * channels }, (_, i) => {
    const c = i % channels
    return (bytes[address + Math.floor(i / channels) * pixel + (c >> 3)]! >> (c & 7)) & 1
  })
}

/** Lays a program out whose values have these shapes, and copies its weights. */
export const executable = (
  module: WebAssembly.Module,
  program: Program,
  shapes: readonly ValueShape[],
  loop: Loop,
): Executable => {
  const { result, size, constants } = planMemory(plan => planProgram(plan, program, shapes, loop))
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65_536) })
  for (const { address, make } of constants) {
    const { buffer, byteOffset, byteLength } = make()
    new Uint8Array(memory.buffer, address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength))
  }
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels
  const { places, runs } = result
  const image = places[0]!
  const { height, width, channels } = program.image
  const pixels = new Float32Array(memory.buffer, image.address, (height * width * image.pixel) / 4)
  return {
    enter: (images, first) => {
      const numbers = height * width * channels
      const begin = first * numbers
      const stride = image.pixel / 4
      if (stride === channels) pixels.set(images.subarray(begin, begin + numbers))
      else
        for (let i = 0, from = begin; i < pixels.length; i += stride)
          for (let c = 0; c < stride; c++) pixels[i + c] = c < channels ? images[from++]! : 0
    },
    steps: runs.map(([first, ...others]) => {
      if (others.length === 0) return () => first!(kernels)
      const calls = [first!, ...others]
      return () => {
        for (const call of calls) call(kernels)
      }
    }),
    value: i => (shapes[i]!.kind === 'float' ? readFloats : readBits)(memory, places[i]!),
  }
}
