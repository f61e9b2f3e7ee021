// pnpm bench --profile: where the time of a training step goes, by kernel and by the shapes it works on, beside what this machine can do at
// most: a matrix product of this engine, and a copy of memory. One thread.
import { readFileSync } from 'node:fs'
import { backendOf, wasmKernels } from '@cpnas/backends'
import Table from 'cli-table3'
import { trainingSteps } from './training-step.mjs'

const size = shape => shape.reduce((a, b) => a * b, 1)

/** Every tensor among the operands or results of a kernel. */
const handles = (value, isHandle) => {
  if (value === undefined || value === null || typeof value !== 'object') return []
  if (isHandle(value)) return [value]
  return Object.values(value).flatMap(one => handles(one, isHandle))
}

const outputs = g => g.batch * g.outHeight * g.outWidth
const window = (g, outChannels) =>
  `${g.kernelHeight}x${g.kernelWidth}${g.dilation > 1 ? `, dilation ${g.dilation}` : ''}${g.stride > 1 ? `, stride ${g.stride}` : ''}, ${g.inChannels}${outChannels ? ` to ${g.outChannels}` : ''} channels, ${g.inHeight}x${g.inWidth}`
const dense = g => 2 * outputs(g) * g.inChannels * g.outChannels * g.kernelHeight * g.kernelWidth
const perChannel = g => 2 * outputs(g) * g.inChannels * g.kernelHeight * g.kernelWidth

/** Floating-point operations and a name of the shapes of those kernels that are products. */
const products = {
  conv2d: ([, , g]) => [dense(g), window(g, true)],
  conv2dGrad: ([, , , g, , wanted]) => [
    dense(g) * (Number(wanted.input !== undefined) + Number(wanted.filters)),
    window(g, true),
  ],
  depthwiseConv2d: ([, , g]) => [perChannel(g), window(g, false)],
  depthwiseConv2dGrad: ([, , , g]) => [2 * perChannel(g), window(g, false)],
}

const untimed = new Set(['name', 'precision', 'shapeOf', 'free', 'memory', 'close', 'read', 'reshape'])

/** The kernels, each call of which adds to `rows`. */
const timed = (kernels, rows) => {
  const isHandle = value => value.storage !== undefined && value.shape !== undefined
  return Object.fromEntries(
    Object.entries(kernels).map(([name, kernel]) => {
      if (untimed.has(name)) return [name, kernel]
      return [
        name,
        (...operands) => {
          const touched = handles(operands, isHandle).reduce((sum, { shape }) => sum + 4 * size(shape), 0)
          const begun = performance.now()
          const result = kernel(...operands)
          const ms = performance.now() - begun
          const [flops, shapes] = products[name]?.(operands) ?? [0, '']
          const key = `${name} ${shapes}`
          const row = rows.get(key) ?? { name, shapes, calls: 0, ms: 0, flops: 0, bytes: 0 }
          const written = handles(result, isHandle).reduce((sum, { shape }) => sum + 4 * size(shape), 0)
          rows.set(key, {
            ...row,
            calls: row.calls + 1,
            ms: row.ms + ms,
            flops: row.flops + flops,
            bytes: row.bytes + touched + written,
          })
          return result
        },
      ]
    }),
  )
}

const best = (repeats, run) => Math.min(...Array.from({ length: repeats }, run))

/** GFLOP/s of a matrix product, GB/s of a copy that no cache holds (read and written bytes). */
const limits = async backend => {
  const n = 512
  const [a, b] = [backend.full(0.5, [n, n]), backend.full(0.25, [n, n])]
  const product = best(20, () => {
    const begun = performance.now()
    const y = backend.matMul(a, b)
    const ms = performance.now() - begun
    backend.dispose(y)
    return ms
  })
  const from = new Float32Array(2 ** 25).fill(1)
  const to = new Float32Array(2 ** 25)
  const copy = best(8, () => {
    const begun = performance.now()
    to.set(from)
    return performance.now() - begun
  })
  backend.dispose([a, b])
  return { gflops: (2 * n ** 3) / product / 1e6, gbytes: (8 * 2 ** 25) / copy / 1e6 }
}

const STEPS = 3

/** Prints a table each for the Child's step and the Parent's. `options` are those of the engine. */
export const profile = async ({ arch, batch, cells, channels, size, options }) => {
  const { space, ...genotype } = JSON.parse(readFileSync(arch, 'utf8'))
  const spec = { space, cells, channels, inChannels: 3, classes: 10 }
  const rows = new Map()
  const kernels = await wasmKernels(options)
  const backend = backendOf(timed(kernels, rows))
  const { gflops, gbytes } = await limits(backend)
  console.log(`Engine ${kernels.name}`)
  console.log(
    `Limits here: ${gflops.toFixed(0)} GFLOP/s in a matrix product, ${gbytes.toFixed(1)} GB/s in a copy of memory`,
  )
  const { learnerOf, step } = trainingSteps(backend, spec, genotype, { batch, size })
  for (const kind of ['child', 'parent']) {
    let learner = learnerOf(kind)
    const run = () => {
      const { learner: next, aux } = step(learner, kind)
      learner = next
      backend.dispose(aux)
    }
    run()
    run()
    rows.clear()
    const begun = performance.now()
    for (let i = 0; i < STEPS; i++) run()
    const total = (performance.now() - begun) / STEPS
    const sorted = [...rows.values()].sort((a, b) => b.ms - a.ms)
    const kernelTime = sorted.reduce((sum, { ms }) => sum + ms, 0) / STEPS
    const table = new Table({
      head: [`${kind}: kernel`, 'shapes', 'calls', 'ms', '%', 'GFLOP/s', 'GB/s'],
      colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
      style: { head: [], border: [], compact: true },
    })
    for (const { name, shapes, calls, ms, flops, bytes } of sorted)
      table.push([
        name,
        shapes,
        calls / STEPS,
        (ms / STEPS).toFixed(2),
        ((100 * ms) / STEPS / total).toFixed(1),
        flops === 0 ? '' : (flops / ms / 1e6).toFixed(1),
        (bytes / ms / 1e6).toFixed(1),
      ])
    table.push([
      'outside of kernels',
      '',
      '',
      (total - kernelTime).toFixed(2),
      ((100 * (total - kernelTime)) / total).toFixed(1),
      '',
      '',
    ])
    console.log(table.toString())
    console.log(`${total.toFixed(1)} ms a step, ${((batch / total) * 1e3).toFixed(0)} images/s`)
    backend.dispose(learner)
  }
  await backend.close()
}
