import { type CpnasError, cpnasError } from '@cpnas/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { findGpu } from './gpu.js'

/** Limits that our programs depend on: the device is created with all that the adapter offers. */
const limitNames = [
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxUniformBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const

/** What an adapter offers, by WebGPU's names of limits. */
export type AdapterLimits = Readonly<Record<(typeof limitNames)[number], number>>

/** A GPU, or software that emulates one. */
export interface AdapterSummary {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  /** It computes on the CPU. */
  readonly software: boolean
  readonly limits: AdapterLimits
}

const softwareNames = /llvmpipe|lavapipe|swiftshader|software|basic render/i

/** Whether an adapter computes on the CPU: it says so, or its name is that of a known software adapter. */
const isSoftware = (info: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'>): boolean =>
  (info as Partial<GPUAdapterInfo>).isFallbackAdapter === true ||
  softwareNames.test([info.vendor, info.architecture, info.device, info.description].join(' '))

export const limitsOf = ({ limits }: Pick<GPUAdapter, 'limits'>): AdapterLimits =>
  Object.fromEntries(limitNames.map(name => [name, limits[name]])) as AdapterLimits

export const summaryOf = (adapter: GPUAdapter): AdapterSummary => {
  const { vendor, architecture, device, description } = adapter.info
  return { vendor, architecture, device, description, software: isSoftware(adapter.info), limits: limitsOf(adapter) }
}

/** One line for people: the card and its driver. */
export const printAdapter = ({ vendor, description, device, software }: AdapterSummary): string => {
  const name = device || description || vendor || 'an adapter without a name'
  const driver = device !== '' && description !== '' ? ` (${description})` : ''
  return `${name}${driver}${software ? ', a software adapter: it computes on the CPU' : ''}`
}

const none = (problem: string): CpnasError =>
  cpnasError(
    'BackendUnavailable',
    'tfjs-webgpu',
    problem,
    'Install the driver of your GPU (on Linux a Vulkan driver and libvulkan1), or use another engine',
  )

/** The fastest adapter there is. Left: no WebGPU, or no adapter. */
export const findAdapter: TE.TaskEither<CpnasError, GPUAdapter> = pipe(
  findGpu,
  TE.flatMap(gpu =>
    TE.tryCatch(
      () => gpu.requestAdapter({ powerPreference: 'high-performance' }),
      thrown => none(`WebGPU found no adapter (${(thrown as Error).message})`),
    ),
  ),
  TE.flatMap(adapter => (adapter ? TE.right(adapter) : TE.left(none('WebGPU found no adapter')))),
)
