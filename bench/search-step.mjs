// pnpm bench [--peer FILE.py]: one search step, ours and a peer's in turn, each in a process of its own, on the same work.
// The peer is a program that takes --arch, --threads, --batch, --cells, --channels, --size, --steps and prints a JSON line
// with child_ms, parent_ms and images_per_s; with --channels-last it runs a second time in that layout.
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { runProgram as run } from './run-program.mjs'

const here = name => fileURLToPath(new URL(name, import.meta.url))
const defaults = {
  arch: here('architecture.json'),
  threads: '1,2',
  batch: '64',
  cells: '6',
  channels: '16',
  size: '32',
  steps: '3',
  rounds: '2',
  growth: '60',
  python: 'python3',
}
const { values } = parseArgs({
  options: {
    peer: { type: 'string' },
    ...Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }])),
  },
})
const work = ['arch', 'batch', 'cells', 'channels', 'size', 'steps'].flatMap(name => [`--${name}`, values[name]])

const ours = {
  name: 'cpnas wasm',
  run: threads => run(process.execPath, [here('step-worker.mjs'), ...work, '--threads', threads, '--growth', '0']),
}
const peer = layout => ({
  name: `peer${layout.length > 0 ? `, ${layout[0].slice(2)}` : ''}`,
  run: threads => run(values.python, [values.peer, ...work, '--threads', threads, ...layout]),
})
const sides = values.peer ? [ours, peer([]), peer(['--channels-last'])] : [ours]

const best = results => results.reduce((a, b) => (b.images_per_s > a.images_per_s ? b : a))
const range = results => {
  const speeds = results.map(r => r.images_per_s)
  return `${Math.min(...speeds).toFixed(1)}..${Math.max(...speeds).toFixed(1)}`
}

console.log(
  `${cpus()[0]?.model}, Node ${process.version}; batch ${values.batch}, ${values.size}x${values.size}x3, ${values.cells} cells, ${values.channels} channels`,
)
for (const threads of values.threads.split(',')) {
  const results = new Map(sides.map(side => [side, []]))
  for (let round = 1; round <= Number(values.rounds); round++)
    for (const side of sides) {
      const result = await side.run(threads)
      results.get(side).push(result)
      const mine = results.get(ours).at(-1).images_per_s / result.images_per_s
      console.error(
        `threads ${threads}, round ${round}/${values.rounds}, ${side.name}: ${result.images_per_s.toFixed(1)} images/s${side === ours ? '' : `, ours ${mine.toFixed(2)}x`}`,
      )
    }
  const peers = sides.slice(1).map(side => best(results.get(side)).images_per_s)
  const table = new Table({
    head: [`threads: ${threads}`, 'child ms', 'parent ms', 'images/s (range)', 'peak MiB', 'ours / this'],
    style: { head: [], border: [] },
  })
  const mine = best(results.get(ours))
  for (const side of sides) {
    const b = best(results.get(side))
    table.push([
      side.name,
      b.child_ms.toFixed(1),
      b.parent_ms.toFixed(1),
      `${b.images_per_s.toFixed(1)} (${range(results.get(side))})`,
      b.peak.toFixed(0),
      side === ours ? '' : `${(mine.images_per_s / b.images_per_s).toFixed(2)}x`,
    ])
  }
  console.log(table.toString())
  if (peers.length > 0) console.log(`ratio to the peer's best: ${(mine.images_per_s / Math.max(...peers)).toFixed(2)}x`)
}

if (Number(values.growth) > 0) {
  const { growth } = await run(process.execPath, [
    here('step-worker.mjs'),
    ...work,
    '--batch',
    '8',
    '--threads',
    '2',
    '--growth',
    values.growth,
  ])
  for (const [kind, [before, after]] of Object.entries(growth))
    console.log(
      `${kind}, ${values.growth} steps of 8 images: tensors ${before.tensors} -> ${after.tensors}, ` +
        `their bytes ${before.bytes} -> ${after.bytes}, process ${(before.rss / 2 ** 20).toFixed(0)} -> ${(after.rss / 2 ** 20).toFixed(0)} MiB`,
    )
}
console.log(`repeat: pnpm bench ${process.argv.slice(2).join(' ')}`)
