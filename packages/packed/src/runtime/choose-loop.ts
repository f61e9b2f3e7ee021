import { verified } from '../check.js'
import { demand } from '../errors.js'
import type { Program } from '../program.js'
import { executable } from './executable.js'
import type { Loop } from './products.js'

/** Milliseconds that each loop took for the same layer. */
export type Measured = Readonly<Record<Loop, number>>

const channels = 128
const side = 8
/** The first rounds run the code of a baseline compiler, two to five times slower; V8 replaces it within 20 ms of running. */
const settleMilliseconds = 50
const rounds = 12

/**
 * A program of one binary 3x3 convolution of a square map, its second step.
 * @public for `bench/packed-worker.mjs`
 */
export const layerProgram = (channels: number, side: number, signs: Uint8Array): Program => ({
  image: { height: side, width: side, channels },
  steps: [
    { kind: 'sign', input: 0 },
    {
      kind: 'binary-convolution',
      inputs: [1],
      window: { size: 3, stride: 1, dilation: 1, shift: 0 },
      signs,
      thresholds: new Int16Array(channels),
    },
    { kind: 'sum', height: side, width: side, terms: [], bias: new Float32Array(1) },
    { kind: 'classifier', inputs: [3], weights: new Float32Array(1), bias: new Float32Array(1) },
  ],
})

/** A layer as large as those that the time goes into. */
const problem = layerProgram(
  channels,
  side,
  Uint8Array.from({ length: (9 * channels * channels) / 8 }, (_, i) => (i * 2_654_435_761) >>> 24),
)

const image = Float32Array.from({ length: side * side * channels }, (_, i) => ((i * 40_503) & 64) - 32)

/** Times both loops, in turn, on one layer, for about 50 ms. The fastest round of each counts. */
export const measureLoops = (module: WebAssembly.Module): Measured => {
  const shapes = demand('measureLoops', () => verified(problem))
  const best: Record<Loop, number> = { lookup: Number.POSITIVE_INFINITY, popcount: Number.POSITIVE_INFINITY }
  const layers = (['lookup', 'popcount'] as const).map(loop => {
    const { enter, steps } = executable(module, problem, shapes, loop)
    enter(image, 0)
    steps[0]!()
    return { loop, run: steps[1]! }
  })
  const settled = performance.now() + settleMilliseconds
  for (let round = 0; round < rounds || performance.now() < settled; round++)
    for (const { loop, run } of layers) {
      const start = performance.now()
      run()
      best[loop] = Math.min(best[loop], performance.now() - start)
    }
  return best
}
