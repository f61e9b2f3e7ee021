import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type { TensorInfo } from '@tensorflow/tfjs-core'
import type { Launch } from './launch.js'
import { bitsOf } from './wgsl.js'

/** What TensorFlow.js's backend keeps of the commands that it has not submitted, private in its types. */
interface Commands {
  readonly commandEncoder: GPUCommandEncoder
  readonly activeTimers: unknown
  computePassEncoder: GPUComputePassEncoder | null
  dispatchCountInPass: number
  ensureCommandEncoderReady(): void
  endComputePassEncoder(): void
}

/** Programs between two submissions: a submission costs a few programs' time, and until the first one the device waits. */
const SUBMITTED = 64

/** Bind groups and uniforms that are kept: those of a few training steps. Past that all are made anew. */
const KEPT = 1 << 15

/** Cached objects of one kind, by key. */
const makeCache = <V>() => {
  const values = new Map<string, V>()
  return (key: string, make: () => V): V => {
    const known = values.get(key)
    if (known !== undefined) return known
    if (values.size >= KEPT) values.clear()
    const value = make()
    values.set(key, value)
    return value
  }
}

export interface Recorder {
  /**
   * Records a pipeline's program among TensorFlow.js's own commands; `table` is how many rows its uniforms have. False if
   * TensorFlow.js wants to measure programs itself.
   */
  record(pipeline: GPUComputePipeline, result: TensorInfo, launch: Launch, table: number): boolean
  recorded(): number
}

interface Uniforms {
  readonly number: number
  readonly buffer: GPUBuffer
}

/** A program as it ran, and what ran after it the last time and the time before. */
interface Recording {
  readonly pipeline: GPUComputePipeline
  readonly buffers: readonly GPUBuffer[]
  readonly size: number
  readonly launch: Launch
  readonly group: GPUBindGroup
  next: Recording | undefined
  other: Recording | undefined
}

const none: readonly never[] = []

const same = (a: readonly unknown[] = none, b: readonly unknown[] = none): boolean => {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** 0 and -0 differ. */
const sameFloats = (a: readonly number[] = none, b: readonly number[] = none): boolean =>
  a === b || (a.length === b.length && a.every((value, i) => Object.is(value, b[i])))

const sameTables = (a: Launch['table'] = none, b: Launch['table'] = none): boolean =>
  a === b || (a.length === b.length && a.every((row, i) => same(row, b[i])))

const sameOffsets = ({ inputs: a }: Launch, { inputs: b }: Launch): boolean => {
  for (let i = 0; i < a.length; i++) if (a[i]!.offset !== b[i]!.offset) return false
  return true
}

const BEFORE = [Number.NaN, Number.POSITIVE_INFINITY].map(bitsOf)

/** The bits of uniforms as TensorFlow.js lays them out: NaN, infinity, shape and strides of each input and of the result, then ours. */
const wordsOf = ({ inputs, integers = [], floats = [], table = [] }: Launch, size: number, rows: number): number[] => {
  const scalars = [
    ...BEFORE,
    ...inputs.flatMap(() => [1, 1]),
    size,
    1,
    ...inputs.map(x => x.offset),
    ...integers,
    ...floats.map(bitsOf),
  ]
  if (rows === 0) return scalars
  const cells = table.flat()
  const start = Math.ceil(scalars.length / 4) * 4
  const zeros = (count: number): readonly number[] => new Array<number>(count).fill(0)
  return [...scalars, ...zeros(start - scalars.length), ...cells, ...zeros(4 * rows - cells.length)]
}

/**
 * A training step runs the same programs on the same buffers with the same uniforms as the one before it, or before that,
 * if what is freed is used again in an order that depends on nothing else (`poolBuffers`): uniforms and bind groups are kept, where
 * TensorFlow.js writes a buffer and makes a bind group each time, which takes most of the time on the CPU. And what
 * follows a program is mostly what followed it before: that is compared first, so no key is made.
 *
 * A buffer that is freed may be used again at once, since commands run in the order in which they are recorded.
 */
export const makeRecorder = (backend: WebGPUBackend): Recorder => {
  const commands = backend as unknown as Commands
  const numbers = new WeakMap<object, number>()
  let numbered = 0
  const numberOf = (x: object): number => {
    const known = numbers.get(x)
    if (known !== undefined) return known
    numbers.set(x, numbered)
    return numbered++
  }
  const uniformsOf = makeCache<Uniforms>()
  const recordingOf = makeCache<Recording>()
  const layouts = new WeakMap<GPUComputePipeline, GPUBindGroupLayout>()
  const layoutOf = (pipeline: GPUComputePipeline): GPUBindGroupLayout => {
    const layout = layouts.get(pipeline) ?? pipeline.getBindGroupLayout(0)
    layouts.set(pipeline, layout)
    return layout
  }
  let count = 0
  let last: Recording | undefined

  const makeUniforms = (words: readonly number[]): Uniforms => {
    const buffer = backend.device.createBuffer({
      size: 4 * words.length,
      usage: GPUBufferUsage.UNIFORM,
      mappedAtCreation: true,
    })
    new Int32Array(buffer.getMappedRange()).set(words)
    buffer.unmap()
    return { number: numberOf(buffer), buffer }
  }

  const bufferOf = ({ dataId }: TensorInfo): GPUBuffer => {
    const data = backend.tensorMap.get(dataId)
    if (data.resource == null) backend.uploadToGPU(dataId)
    return data.resource as GPUBuffer
  }

  const buffersOf = (result: TensorInfo, { inputs }: Launch): GPUBuffer[] => {
    const buffers = [bufferOf(result)]
    for (const { buffer } of inputs) buffers.push(bufferOf(buffer))
    return buffers
  }

  const find = (
    pipeline: GPUComputePipeline,
    buffers: readonly GPUBuffer[],
    launch: Launch,
    size: number,
    table: number,
  ): Recording => {
    const words = wordsOf(launch, size, table)
    const uniforms = uniformsOf(`${numberOf(pipeline)} ${words.join()}`, () => makeUniforms(words))
    return recordingOf(`${uniforms.number} ${launch.workgroups.join()} ${buffers.map(numberOf).join()}`, () => ({
      pipeline,
      buffers,
      size,
      launch,
      group: backend.device.createBindGroup({
        layout: layoutOf(pipeline),
        entries: [...buffers, uniforms.buffer].map((buffer, binding) => ({ binding, resource: { buffer } })),
      }),
      next: undefined,
      other: undefined,
    }))
  }

  return {
    record: (pipeline, result, launch, table) => {
      if (commands.activeTimers != null) return false
      const buffers = buffersOf(result, launch)
      const [size] = result.shape as [number]
      const isIt = (r: Recording | undefined): r is Recording =>
        r !== undefined &&
        r.pipeline === pipeline &&
        r.size === size &&
        same(r.buffers, buffers) &&
        sameOffsets(r.launch, launch) &&
        same(r.launch.workgroups, launch.workgroups) &&
        same(r.launch.integers, launch.integers) &&
        sameFloats(r.launch.floats, launch.floats) &&
        sameTables(r.launch.table, launch.table)
      const expected = last?.next
      const recording = isIt(expected)
        ? expected
        : isIt(last?.other)
          ? last.other
          : find(pipeline, buffers, launch, size, table)
      if (last !== undefined && recording !== expected) {
        last.other = expected
        last.next = recording
      }
      last = recording
      commands.ensureCommandEncoderReady()
      commands.computePassEncoder ??= commands.commandEncoder.beginComputePass()
      commands.computePassEncoder.setPipeline(pipeline)
      commands.computePassEncoder.setBindGroup(0, recording.group)
      commands.computePassEncoder.dispatchWorkgroups(...launch.workgroups)
      commands.dispatchCountInPass++
      if (commands.dispatchCountInPass >= SUBMITTED) {
        commands.endComputePassEncoder()
        backend.submitQueue()
      }
      count++
      return true
    },
    recorded: () => count,
  }
}
