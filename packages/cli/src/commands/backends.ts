import {
  type AdapterSummary,
  availableBackends,
  type Backend,
  type BackendAvailability,
  type BackendName,
  catchDeviceError,
  measureThroughput,
  resolveBackend,
  type Throughput,
} from '@cpnas/backends'
import type { CpnasError } from '@cpnas/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { command } from '../command.js'
import { layOut } from '../report/layout.js'
import { summaries } from './summaries.js'

/** An engine and, where it was measured, its speed in GFLOP/s. */
interface Listed extends BackendAvailability {
  readonly gflops?: Throughput
}

const measure = (name: BackendName): TE.TaskEither<CpnasError, Throughput> =>
  pipe(
    resolveBackend(name),
    TE.flatMap(({ backend }) =>
      TE.bracket(
        TE.right(backend),
        // An engine's tensors are its own: the measurement is generic in them.
        () => catchDeviceError(TE.fromTask(() => measureThroughput(backend as Backend<unknown>))),
        () => TE.fromTask(() => backend.close()),
      ),
    ),
  )

/** An engine that fails in use counts as not working. */
const withSpeed = (engine: BackendAvailability): T.Task<Listed> =>
  engine.available
    ? pipe(
        measure(engine.name),
        TE.match(
          (error): Listed => ({
            ...engine,
            available: false,
            automatic: false,
            reason: `${error.problem}. ${error.remedy}`,
          }),
          gflops => ({ ...engine, gflops }),
        ),
      )
    : T.of(engine)

const size = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.round(bytes / 2 ** 10)} KiB` : `${Math.round(bytes / 2 ** 20)} MiB`

const adapterLines = ({ vendor, architecture, device, software, limits }: AdapterSummary): readonly string[] => [
  `adapter: vendor ${vendor || 'unknown'}, architecture ${architecture || 'unknown'}${device ? `, device ${device}` : ''}, ${software ? 'software' : 'hardware'}`,
  `limits: ${size(limits.maxBufferSize)} a buffer, ${size(limits.maxStorageBufferBindingSize)} a binding, ${limits.maxStorageBuffersPerShaderStage} storage buffers a shader, ${size(limits.maxComputeWorkgroupStorageSize)} and ${limits.maxComputeInvocationsPerWorkgroup} invocations a workgroup`,
]

const twoDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 })

const speedLine = ({ matMul, conv2d }: Throughput): string =>
  `speed: ${twoDigits.format(matMul)} GFLOP/s in matrix products, ${twoDigits.format(conv2d)} in 3x3 convolutions`

const lines = (all: readonly Listed[]): readonly string[] => {
  const width = Math.max(...all.map(({ name }) => name.length))
  return all.flatMap(({ name, available, reason, adapter, gflops }) => [
    `${available ? 'yes' : 'no '}  ${name.padEnd(width)}  ${reason}`,
    ...[...(adapter ? adapterLines(adapter) : []), ...(gflops ? [speedLine(gflops)] : [])].map(
      line => `     ${' '.repeat(width)}  ${line}`,
    ),
  ])
}

/** `cpnas backends`: which engines work here and how fast, which not and why, in the order in which auto prefers them. */
export const backendsCommand = command({
  name: 'backends',
  summary: summaries.backends,
  options: {
    json: { kind: 'flag', description: 'print a JSON list' },
    measure: {
      kind: 'flag',
      description: 'measure the speed of products and convolutions',
      default: 'yes',
      negatable: true,
    },
  },
  run: ({ json = false, measure = true }, io) =>
    pipe(
      availableBackends,
      T.flatMap(all => (measure ? T.traverseSeqArray(withSpeed)(all) : T.of<readonly Listed[]>(all))),
      T.map(all => {
        io.out(json ? `${JSON.stringify(all)}\n` : layOut(lines(all), io))
        return E.right({ status: 'done' })
      }),
    ),
})
