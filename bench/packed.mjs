// pnpm bench:packed: the packed engine against the float Parent of the same cells in onnxruntime, natively (onnxruntime-node) and in
// WebAssembly (onnxruntime-web), on one thread; and single binary convolutions against float ones of the same shape. Contestants take
// turns, so that what else the machine does hits all of them; medians. Larq's Compute Engine has no JavaScript build.
//   --genotype FILE --cells N --channels N --size N --rounds N --json
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { sizeOf, wasmBackend } from '@cpnas/backends'
import { pack, toOnnx } from '@cpnas/export'
import { createRunner } from '@cpnas/packed'
import { initialParameters, network, networkLayers, normalizationShapes } from '@cpnas/supernet'
import Table from 'cli-table3'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
// Its writer of ONNX files, which is no part of what the package offers.
import { encodeOnnx } from '../packages/export/dist/onnx/proto.js'

const { values: options } = parseArgs({
  options: {
    genotype: { type: 'string', default: new URL('architecture.json', import.meta.url).pathname },
    cells: { type: 'string', default: '6' },
    channels: { type: 'string', default: '16' },
    size: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
const size = Number(options.size)
const genotype = JSON.parse(readFileSync(options.genotype, 'utf8'))
const spec = {
  cells: Number(options.cells),
  channels: Number(options.channels),
  inChannels: 3,
  classes: 10,
  affine: true,
}

let state = 1
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return state / 2 ** 31
}
const numbers = length => Float32Array.from({ length }, random)

/** A network that has learnt nothing, with statistics as if it had. */
const modelOf = kind => {
  const layers = networkLayers(spec, genotype, kind)
  const initial = initialParameters(Object.fromEntries(layers.map(({ name, shape }) => [name, shape])), 1)
  const parameters = Object.fromEntries(
    layers.map(({ name, shape, binary }) => {
      const values = initial[name]
      const alpha = Math.fround(1 / Math.sqrt(sizeOf(shape) / shape.at(-1)))
      return [name, { shape, values: kind === 'child' && binary ? values.map(x => (x < 0 ? -alpha : alpha)) : values }]
    }),
  )
  const statistics = Object.fromEntries(
    Object.entries(normalizationShapes(spec, genotype, kind)).flatMap(([name, shape]) => [
      [`${name}.mean`, { shape, values: numbers(shape[0]).map(x => x / 10) }],
      [`${name}.variance`, { shape, values: numbers(shape[0]).map(x => 1 + x / 2) }],
    ]),
  )
  return {
    spec,
    genotype,
    kind,
    classNames: Array.from({ length: 10 }, (_, k) => `class ${k}`),
    image: { height: size, width: size, channels: 3 },
    normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
    parameters,
    statistics,
  }
}

const channelsFirst = (images, [n, h, w, c]) => {
  const turned = new Float32Array(images.length)
  for (let i = 0; i < n; i++)
    for (let p = 0; p < h * w; p++)
      for (let k = 0; k < c; k++) turned[(i * c + k) * h * w + p] = images[(i * h * w + p) * c + k]
  return turned
}

web.env.wasm.numThreads = 1
const sessions = async bytes => ({
  'onnxruntime-web': [web, await web.InferenceSession.create(bytes, { executionProviders: ['wasm'] })],
  'onnxruntime-node': [
    native,
    await native.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 }),
  ],
})

const median = list => list.toSorted((a, b) => a - b)[list.length >> 1]

/** Median milliseconds of each contestant, who take turns. */
const compete = async contestants => {
  const times = Object.fromEntries(Object.keys(contestants).map(name => [name, []]))
  for (let round = -3; round < rounds; round++)
    for (const [name, run] of Object.entries(contestants)) {
      const start = performance.now()
      await run()
      if (round >= 0) times[name].push(performance.now() - start)
    }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
}

const checkClose = (name, found, expected) => {
  const scale = Math.max(...Array.from(expected, Math.abs), 1)
  const distance = Math.max(...Array.from(expected, (x, i) => Math.abs(x - found[i]))) / scale
  if (!(distance < 1e-3)) throw new Error(`${name}: off by ${distance}`)
}

/** What the training engine says of a network, to check contestants by. */
const scoresOf = async (model, images, shape) => {
  const backend = await wasmBackend({ threads: 1 })
  const tensors = record =>
    Object.fromEntries(Object.entries(record).map(([name, t]) => [name, backend.tensor(t.values, t.shape)]))
  const { logits } = network(spec, genotype, model.kind, { filters: 'given' })(
    backend,
    tensors(model.parameters),
    backend.tensor(images, shape),
    { statistics: tensors(model.statistics) },
  )
  const scores = await backend.read(logits)
  await backend.close()
  return scores
}

const [child, parent] = [modelOf('child'), modelOf('parent')]
const packed = pack(child)
if (packed._tag === 'Left') throw new Error(packed.left)
const runner = await createRunner(packed.right)
const parentSessions = await sessions(toOnnx(parent))

const networks = []
for (const batch of [1, 64]) {
  const shape = [batch, size, size, 3]
  const images = numbers(sizeOf(shape))
  checkClose(
    'packed',
    runner.scores(images.subarray(0, sizeOf(shape) / batch)),
    (await scoresOf(child, images, shape)).subarray(0, 10),
  )
  const expected = await scoresOf(parent, images, shape)
  const turned = channelsFirst(images, shape)
  const contestants = { packed: () => runner.scores(images, batch) }
  for (const [name, [library, session]] of Object.entries(parentSessions)) {
    const feed = { images: new library.Tensor('float32', turned, [batch, 3, size, size]) }
    checkClose(name, (await session.run(feed)).scores.data, expected)
    contestants[name] = () => session.run(feed)
  }
  networks.push({ batch, milliseconds: await compete(contestants) })
}

/** A 3x3 convolution as an ONNX file. */
const encodeConvolution = (channels, values) =>
  encodeOnnx({
    irVersion: 7,
    opset: 13,
    producer: 'cpnas',
    metadata: {},
    graph: {
      name: 'convolution',
      nodes: [
        { operator: 'Conv', inputs: ['x', 'w'], output: 'y', attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } },
      ],
      constants: [{ name: 'w', shape: [channels, channels, 3, 3], values }],
      inputs: [{ name: 'x', shape: [1, channels, 'height', 'width'] }],
      outputs: [{ name: 'y', shape: [1, channels, 'height', 'width'] }],
    },
  })

const layers = []
for (const [channels, side] of [
  [64, 32],
  [128, 16],
  [256, 8],
  [64, 56],
]) {
  const taps = 9 * channels
  const signs = Uint8Array.from({ length: (taps * channels) / 8 }, () => (random() + 1) * 128)
  const program = {
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
      { kind: 'sum', height: 1, width: 1, terms: [], bias: new Float32Array(1) },
      { kind: 'classifier', inputs: [3], weights: new Float32Array(1), bias: new Float32Array(1) },
    ],
  }
  const single = await createRunner({ metadata: packed.right.metadata, program })
  const x = numbers(side * side * channels)
  const contestants = {}
  const bytes = encodeConvolution(channels, numbers(taps * channels))
  for (const [name, [library, session]] of Object.entries(await sessions(bytes))) {
    const feed = { x: new library.Tensor('float32', x, [1, channels, side, side]) }
    contestants[name] = () => session.run(feed)
  }
  const float = await compete(contestants)
  const ours = single.profile(x, 10 * rounds)[1].milliseconds
  layers.push({ channels, side, macs: taps * channels * side * side, milliseconds: { packed: ours, ...float } })
}

const kinds = {}
for (const { kind, milliseconds, binaryMacs } of runner.profile(numbers(size * size * 3), rounds)) {
  kinds[kind] ??= { steps: 0, milliseconds: 0, binaryMacs: 0 }
  kinds[kind].steps++
  kinds[kind].milliseconds += milliseconds
  kinds[kind].binaryMacs += binaryMacs
}

if (options.json) console.log(JSON.stringify({ choice: runner.choice, spec, networks, layers, kinds }))
else {
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
  const others = ['onnxruntime-web ms', 'ratio', 'onnxruntime-node ms', 'ratio']
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}; one thread; loop ${runner.choice.loop}, relaxed SIMD ${runner.choice.relaxed}; medians of ${rounds}`,
  )
  console.log(
    `The Child, packed, against its float Parent: ${spec.cells} cells, ${spec.channels} channels, ${size}x${size}`,
  )
  table(
    ['batch', 'packed ms', ...others],
    networks.map(({ batch, milliseconds }) => [batch, ...row(milliseconds)]),
  )
  console.log('A binary 3x3 convolution with its thresholds against a float one')
  table(
    ['channels', 'map', 'packed ms', ...others, 'packed GMAC/s'],
    layers.map(({ channels, side, macs, milliseconds }) => [
      channels,
      `${side}x${side}`,
      ...row(milliseconds),
      (macs / milliseconds.packed / 1e6).toFixed(0),
    ]),
  )
  console.log('Where the time of one image goes')
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
process.exit()
