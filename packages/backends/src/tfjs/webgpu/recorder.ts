import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu'
import type { TensorInfo } from '@tensorflow/tfjs-core'

/** What TensorFlow.js's backend keeps of the commands that it has not submitted, private in its types. */
interface Commands {
  readonly commandEncoder: GPUCommandEncoder
  readonly activeTimers: unknown
  computePassEncoder: GPUComputePassEncoder | null
  dispatchCountInPass: number
  ensureCommandEncoderReady(): void
  endComputePassEncoder(): void
}

/** Programs between two submissions, as many as TensorFlow.js takes. */
const SUBMITTED = 15

/** Bind groups and uniforms that are kept: those of a few training steps. Past that all are made anew. */
const KEPT = 1 << 15

/** Whatever there is of a kind, by key. */
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
  /** Records a pipeline's program, with its uniforms' bits, among TensorFlow.js's own commands. False if it wants to measure them itself. */
  record(
    pipeline: GPUComputePipeline,
    buffers: readonly TensorInfo[],
    words: readonly number[],
    workgroups: readonly [number, number, number],
  ): boolean
  recorded(): number
}

interface Uniforms {
  readonly number: number
  readonly buffer: GPUBuffer
}

interface Buffers {
  readonly freeBuffers: Map<string, GPUBuffer[]>
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void
}

/** Of the free buffers of a size the one with the lowest number is used next, whatever the order in which they were freed. */
const reuseInOrder = (manager: unknown, numberOf: (buffer: GPUBuffer) => number): void => {
  const buffers = manager as Buffers
  const release = buffers.releaseBuffer.bind(buffers)
  buffers.releaseBuffer = (buffer, reuse = true) => {
    const { size, usage } = buffer
    release(buffer, reuse)
    const free = buffers.freeBuffers.get(`${size}_${usage}`)
    if (!reuse || free?.at(-1) !== buffer) return
    // The last is taken first.
    let place = free.length - 1
    for (; place > 0 && numberOf(free[place - 1]!) < numberOf(buffer); place--) free[place] = free[place - 1]!
    free[place] = buffer
  }
}

/**
 * A training step runs the same programs on the same buffers with the same uniforms as the one before it, or before that,
 * if what is freed is used again in an order that depends on nothing else: uniforms and bind groups are kept, and to run a program once more takes two
 * look-ups, where TensorFlow.js writes a buffer and makes a bind group, which takes most of the time on the CPU.
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
  const groupOf = makeCache<GPUBindGroup>()
  const layouts = new WeakMap<GPUComputePipeline, GPUBindGroupLayout>()
  const layoutOf = (pipeline: GPUComputePipeline): GPUBindGroupLayout => {
    const layout = layouts.get(pipeline) ?? pipeline.getBindGroupLayout(0)
    layouts.set(pipeline, layout)
    return layout
  }
  let count = 0
  reuseInOrder(backend.bufferManager, numberOf)

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

  return {
    record: (pipeline, tensors, words, workgroups) => {
      if (commands.activeTimers != null) return false
      const buffers = tensors.map(({ dataId }) => {
        backend.uploadToGPU(dataId)
        return backend.tensorMap.get(dataId).resource as GPUBuffer
      })
      const program = numberOf(pipeline)
      const uniforms = uniformsOf(`${program} ${words.join()}`, () => makeUniforms(words))
      const group = groupOf(`${uniforms.number} ${buffers.map(numberOf).join()}`, () =>
        backend.device.createBindGroup({
          layout: layoutOf(pipeline),
          entries: [...buffers, uniforms.buffer].map((buffer, binding) => ({ binding, resource: { buffer } })),
        }),
      )
      commands.ensureCommandEncoderReady()
      commands.computePassEncoder ??= commands.commandEncoder.beginComputePass()
      commands.computePassEncoder.setPipeline(pipeline)
      commands.computePassEncoder.setBindGroup(0, group)
      commands.computePassEncoder.dispatchWorkgroups(...workgroups)
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
