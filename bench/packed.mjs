// pnpm bench:packed: the packed engine against the float Parent of the same cells in onnxruntime, natively (onnxruntime-node) and in
// WebAssembly (onnxruntime-web), and in TensorFlow.js's WebAssembly backend; and single binary convolutions against float ones of the same
// shape. Contestants take turns, so that what else the machine does hits all of them; medians. Larq's Compute Engine has no JavaScript build.
//   --genotype FILE --cells N --channels N --size N --rounds N --threads N,N --json
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { runProgram } from './run-program.mjs'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const defaults = { genotype: here('architecture.json'), cells: '6', channels: '16', size: '32', rounds: '30' }
const { values: options } = parseArgs({
  options: {
    threads: { type: 'string', default: '1,2' },
    json: { type: 'boolean', default: false },
    ...Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }])),
  },
})
const work = Object.keys(defaults).flatMap(name => [`--${name}`, options[name]])

const results = []
for (const threads of options.threads.split(','))
  results.push(await runProgram(process.execPath, [here('packed-worker.mjs'), ...work, '--threads', threads]))

const table = (head, rows) => {
  const made = new Table({ head, style: { head: [], border: [], compact: true } })
  made.push(...rows)
  console.log(made.toString())
}
const times = ms => ms.toFixed(3)
const row = ({ packed: ours, ...others }) => [
  times(ours),
  ...Object.values(others).flatMap(ms => [times(ms), `${(ms / ours).toFixed(1)}x`]),
]
const headOf = ({ packed: _, ...others }) => [
  'packed ms',
  ...Object.keys(others).flatMap(name => [`${name} ms`, 'ratio']),
]

if (options.json) console.log(JSON.stringify(results))
else {
  const [{ choice }] = results
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}; loop ${choice.loop}, relaxed SIMD ${choice.relaxed}; medians of ${options.rounds}`,
  )
  for (const { threads, networks, layers, kinds } of results) {
    console.log(
      `The Child, packed, against its float Parent: ${options.cells} cells, ${options.channels} channels, ${options.size}x${options.size}; ${threads === 1 ? 'one thread' : `${threads} threads`}`,
    )
    table(
      ['batch', ...headOf(networks[0].milliseconds)],
      networks.map(({ batch, milliseconds }) => [batch, ...row(milliseconds)]),
    )
    if (layers === undefined) continue
    console.log('A binary 3x3 convolution with its thresholds against a float one; one thread')
    table(
      ['channels', 'map', ...headOf(layers[0].milliseconds), 'packed GMAC/s'],
      layers.map(({ channels, side, macs, milliseconds }) => [
        channels,
        `${side}x${side}`,
        ...row(milliseconds),
        (macs / milliseconds.packed / 1e6).toFixed(0),
      ]),
    )
    console.log('Where the time of one image goes; one thread')
    table(
      ['steps', 'number', 'ms', '1-bit GMAC/s'],
      Object.entries(kinds).map(([kind, { steps, milliseconds, binaryMacs }]) => [
        kind,
        steps,
        times(milliseconds),
        binaryMacs > 0 ? (binaryMacs / milliseconds / 1e6).toFixed(0) : '',
      ]),
    )
  }
}
