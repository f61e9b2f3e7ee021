// pnpm bench [--peer FILE.py]: one search step, ours and a peer's in turn, each in a process of its own, on the same work.
// The peer is a program that takes --arch, --threads, --batch, --cells, --channels, --size, --steps and prints a JSON line
// with child_ms, parent_ms and images_per_s; with --channels-last it runs a second time in that layout. --profile instead
// prints where the time of our step goes.
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findLibrary } from '@cpnas/backends'
import Table from 'cli-table3'
import { profile } from './profile.mjs'
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
    profile: { type: 'boolean', default: false },
    ...Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }])),
  },
})
const work = ['arch', 'batch', 'cells', 'channels', 'size', 'steps'].flatMap(name => [`--${name}`, values[name]])

const library = await findLibrary()()
const oneDnn = library._tag === 'Right' ? library.right.name : undefined
const bfloat16 = library._tag === 'Right' && library.right.bfloat16
if (oneDnn === undefined) console.error(`Without the engine onednn: ${library.left.problem}. ${library.left.remedy}`)

if (values.profile) {
  const [batch, cells, channels, size] = ['batch', 'cells', 'channels', 'size'].map(name => Number(values[name]))
  const engines = [{}, ...(oneDnn === undefined ? [] : [{ oneDnn }]), ...(bfloat16 ? [{ oneDnn, bfloat16 }] : [])]
  for (const options of engines)
    await profile({ arch: values.arch, batch, cells, channels, size, options: { threads: 1, ...options } })
  process.exit()
}

const engine = name => ({
  name: `cpnas ${name}`,
  run: threads =>
    run(process.execPath, [here('step-worker.mjs'), ...work, '--threads', threads, '--backend', name, '--growth', '0']),
})
const engines = [
  engine('wasm'),
  ...(oneDnn === undefined ? [] : [engine('onednn')]),
  ...(bfloat16 ? [engine('onednn-bf16')] : []),
]
const peer = layout => ({
  name: `peer${layout.length > 0 ? `, ${layout[0].slice(2)}` : ''}`,
  run: threads => run(values.python, [values.peer, ...work, '--threads', threads, ...layout]),
})
const peers = values.peer ? [peer([]), peer(['--channels-last'])] : []
const sides = [...engines, ...peers]

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
      console.error(
        `threads ${threads}, round ${round}/${values.rounds}, ${side.name}: ${result.images_per_s.toFixed(1)} images/s`,
      )
    }
  const fastest = peers.map(side => best(results.get(side))).toSorted((a, b) => b.images_per_s - a.images_per_s)[0]
  const ratio = (result, of) => (fastest === undefined ? '' : `${of(result, fastest).toFixed(2)}x`)
  const table = new Table({
    head: [`threads: ${threads}`, 'child ms', 'parent ms', 'images/s (range)', 'peak MiB', 'child', 'parent', 'both'],
    style: { head: [], border: [] },
  })
  for (const side of sides) {
    const b = best(results.get(side))
    table.push([
      side.name,
      b.child_ms.toFixed(1),
      b.parent_ms.toFixed(1),
      `${b.images_per_s.toFixed(1)} (${range(results.get(side))})`,
      b.peak.toFixed(0),
      ratio(b, (mine, its) => its.child_ms / mine.child_ms),
      ratio(b, (mine, its) => its.parent_ms / mine.parent_ms),
      ratio(b, (mine, its) => mine.images_per_s / its.images_per_s),
    ])
  }
  console.log(table.toString())
  if (fastest !== undefined) console.log("The last columns: speed as a multiple of the peer's faster layout.")
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
