// pnpm bench:gpu [--peer FILE.py]: one search step on a GPU, ours and a peer's in turn, each in a process of its own, on the
// same work. The peer is a program that takes --arch, --batch, --cells, --channels, --size, --steps and --device cuda and prints a JSON
// line with child_ms, parent_ms and images_per_s; with --channels-last it runs a second time in that layout.
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { availableBackends, backendNames } from '@cpnas/backends'
import Table from 'cli-table3'
import { runProgram } from './run-program.mjs'

const here = name => fileURLToPath(new URL(name, import.meta.url))

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'auto' },
    batch: { type: 'string', default: '64,256' },
    arch: { type: 'string', default: here('architecture.json') },
    cells: { type: 'string', default: '6' },
    channels: { type: 'string', default: '16' },
    size: { type: 'string', default: '32' },
    steps: { type: 'string', default: '20' },
    peer: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    // TensorFlow.js's kernels alone, to see what ours save.
    composed: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
/** What is not a result; with --json the output is results alone. */
const tell = text => (values.json ? console.error(text) : console.log(text))
const fail = text => {
  console.error(text)
  process.exit(1)
}

const gpuEngines = ['tfjs-node-gpu', 'tfjs-webgpu']

/** The engine to measure: the first on a real GPU; without one the software adapter of WebGPU, and that is said. */
const chooseEngine = async () => {
  if (values.backend !== 'auto') {
    if (!backendNames.includes(values.backend))
      fail(
        `--backend ${values.backend}: there is no engine of that name. Choose one of auto, ${backendNames.join(', ')}.`,
      )
    return values.backend
  }
  const engines = (await availableBackends()).filter(({ name }) => gpuEngines.includes(name))
  const best = engines.find(e => e.available && e.automatic) ?? engines.find(e => e.available)
  for (const { name, available, reason } of engines) if (!available) tell(`${name} is not available: ${reason}`)
  if (best === undefined) fail('There is no engine for GPUs here. --backend wasm measures the CPU.')
  if (!best.automatic) tell(`There is no GPU here, so ${best.name} is measured as it is: ${best.reason}.`)
  return best.name
}

/** The name of the GPU that PyTorch would use; otherwise why there is no side by side. */
const findPeer = () => {
  if (values.peer === undefined) return { absent: 'no peer was named (--peer FILE.py)' }
  const program =
    'import torch; print(torch.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "")'
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }
    const [version, ...gpu] = execFileSync(values.python, ['-c', program], options).trim().split(' ')
    return gpu.length > 0
      ? { gpu: `PyTorch ${version}, ${gpu.join(' ')}` }
      : { absent: `PyTorch ${version} sees no CUDA GPU` }
  } catch (error) {
    const reason = error.stderr ? error.stderr.trim().split('\n').at(-1) : error.message
    return { absent: `${values.python} cannot use PyTorch (${reason})` }
  }
}

const engine = await chooseEngine()
const peer = findPeer()
if (peer.absent) tell(`No side by side: ${peer.absent}.`)

const workOf = batch => [
  ...['arch', 'cells', 'channels', 'size', 'steps'].flatMap(name => [`--${name}`, values[name]]),
  ...['--batch', batch],
]
const ours = {
  name: `cpnas ${engine}${values.composed ? ', composed' : ''}`,
  run: batch =>
    runProgram(process.execPath, [
      here('step-worker.mjs'),
      ...workOf(batch),
      ...['--growth', '0', '--backend', engine],
      ...(values.composed ? ['--composed'] : []),
    ]),
}
const peerSide = layout => ({
  name: `peer${layout.length > 0 ? `, ${layout[0].slice(2)}` : ''}, ${peer.gpu}`,
  run: batch => runProgram(values.python, [values.peer, ...workOf(batch), '--device', 'cuda', ...layout]),
})
const sides = peer.gpu ? [ours, peerSide([]), peerSide(['--channels-last'])] : [ours]

const mebibytes = bytes => (bytes === undefined ? '' : (bytes / 2 ** 20).toFixed(0))
const results = []
for (const batch of values.batch.split(','))
  for (const side of sides) results.push({ side: side.name, batch: Number(batch), ...(await side.run(batch)) })

if (values.json) console.log(JSON.stringify(results))
else {
  const [first] = results
  console.log(`${first.description}; ${cpus()[0]?.model}, Node ${process.version}`)
  console.log(
    `${values.size}x${values.size}x3, ${values.cells} cells, ${values.channels} channels; forward, backward, clipping, SGD`,
  )
  const table = new Table({
    head: [
      '',
      'batch',
      'child ms',
      'parent ms',
      'images/s',
      'dispatches a step',
      'GPU MiB',
      'process MiB',
      'ours / this',
    ],
    style: { head: [], border: [] },
  })
  for (const r of results) {
    const mine = results.find(other => other.batch === r.batch)
    table.push([
      r.side,
      r.batch,
      r.child_ms.toFixed(1),
      r.parent_ms.toFixed(1),
      r.images_per_s.toFixed(1),
      r.child_dispatches === undefined ? '' : `${r.child_dispatches} + ${r.parent_dispatches}`,
      mebibytes(r.device?.numBytesAllocatedInGPU),
      r.peak.toFixed(0),
      r === mine ? '' : `${(mine.images_per_s / r.images_per_s).toFixed(2)}x`,
    ])
  }
  console.log(table.toString())
  console.log(`repeat: pnpm bench:gpu ${process.argv.slice(2).join(' ')}`)
}
