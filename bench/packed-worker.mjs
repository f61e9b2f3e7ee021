// A measurement of packed.mjs, for one number of threads, in a process of its own: onnxruntime-web takes its threads once. Prints a JSON line.
//   --genotype FILE --cells N --channels N --size N --rounds N --threads N
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sizeOf, wasmBackend } from '@cpnas/backends'
import { pack, toOnnx } from '@cpnas/export'
import { untrainedModel } from '@cpnas/model'
import { createPool, createRunner } from '@cpnas/packed'
import { network } from '@cpnas/supernet'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
// A writer of ONNX files and a program of one layer, which are no part of what the packages offer.
import { encodeOnnx } from '../packages/export/dist/onnx/proto.js'
import { layerProgram } from '../packages/packed/dist/runtime/choose-loop.js'
import { numbers, random } from './random-numbers.mjs'
import { openTfjsWasm, tfjsConvolution, tfjsImages, tfjsNetwork } from './tfjs-wasm.mjs'

const names = ['genotype', 'cells', 'channels', 'size', 'rounds', 'threads']
const { values: options } = parseArgs({ options: Object.fromEntries(names.map(name => [name, { type: 'string' }])) })
const rounds = Number(options.rounds)
const size = Number(options.size)
const threads = Number(options.threads)
const { space, ...genotype } = JSON.parse(readFileSync(options.genotype, 'utf8'))
const spec = {
  space,
  cells: Number(options.cells),
  channels: Number(options.channels),
  inChannels: 3,
  classes: 10,
  affine: true,
}

const channelsFirst = (images, [n, h, w, c]) => {
  const turned = new Float32Array(images.length)
  for (let i = 0; i < n; i++)
    for (let p = 0; p < h * w; p++)
      for (let k = 0; k < c; k++) turned[(i * c + k) * h * w + p] = images[(i * h * w + p) * c + k]
  return turned
}

web.env.wasm.numThreads = threads
const sessions = async bytes => ({
  'onnxruntime-web': [web, await web.InferenceSession.create(bytes, { executionProviders: ['wasm'] })],
  'onnxruntime-node': [
    native,
    await native.InferenceSession.create(bytes, { intraOpNumThreads: threads, interOpNumThreads: 1 }),
  ],
})
/** TensorFlow.js has one thread in Node. */
const withTfjs = threads === 1
if (withTfjs) await openTfjsWasm()

const median = list => list.toSorted((a, b) => a - b)[list.length >> 1]

/** Runs before a timed one: onnxruntime's threads look for work for a while after they had some, and would take the cores from whoever is next. */
const before = 2

/** Median milliseconds of each contestant, who take turns. */
const compete = async contestants => {
  const times = Object.fromEntries(Object.keys(contestants).map(name => [name, []]))
  for (let round = -3; round < rounds; round++)
    for (const [name, run] of Object.entries(contestants)) {
      for (let i = 0; i < before; i++) await run()
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
  const { logits } = network(model.spec, model.genotype, model.kind, { filters: 'given' })(
    backend,
    tensors(model.parameters),
    backend.tensor(images, shape),
    { statistics: tensors(model.statistics) },
  )
  const scores = await backend.read(logits)
  await backend.close()
  return scores
}

/** The Child packed against its Parent in float. */
const measureNetworks = async (child, parent, packed) => {
  const pool = await createPool(packed, { threads })
  const runner = await createRunner(packed, { loop: pool.choice.loop })
  const parentSessions = await sessions(toOnnx(parent))
  const parentTfjs = withTfjs && tfjsNetwork(parent)
  const networks = []
  for (const batch of [1, 64]) {
    const shape = [batch, size, size, 3]
    const images = numbers(sizeOf(shape))
    const expected = await scoresOf(parent, images, shape)
    const turned = channelsFirst(images, shape)
    // An image is computed by one thread.
    const run = batch === 1 ? () => runner.scores(images) : () => pool.scores(images, batch)
    const first = images.subarray(0, sizeOf(shape) / batch)
    checkClose('packed', (await run()).subarray(0, 10), await scoresOf(child, first, [1, size, size, 3]))
    const contestants = { packed: run }
    for (const [name, [library, session]] of Object.entries(parentSessions)) {
      const feed = { images: new library.Tensor('float32', turned, [batch, 3, size, size]) }
      checkClose(name, (await session.run(feed)).scores.data, expected)
      contestants[name] = () => session.run(feed)
    }
    if (withTfjs) {
      const tensor = tfjsImages(images, shape)
      checkClose('tfjs-wasm', parentTfjs(tensor), expected)
      contestants['tfjs-wasm'] = () => parentTfjs(tensor)
    }
    networks.push({ batch, milliseconds: await compete(contestants) })
  }
  pool.close()
  return { runner, networks }
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

/** Single binary convolutions with their thresholds against float ones. */
const measureLayers = async metadata => {
  const layers = []
  for (const [channels, side] of [
    [64, 32],
    [128, 16],
    [256, 8],
    [64, 56],
  ]) {
    const taps = 9 * channels
    const signs = Uint8Array.from({ length: (taps * channels) / 8 }, () => (random() + 1) * 128)
    const single = await createRunner({ metadata, program: layerProgram(channels, side, signs) })
    const x = numbers(side * side * channels)
    const contestants = {}
    const filters = numbers(taps * channels)
    const bytes = encodeConvolution(channels, filters)
    for (const [name, [library, session]] of Object.entries(await sessions(bytes))) {
      const feed = { x: new library.Tensor('float32', x, [1, channels, side, side]) }
      contestants[name] = () => session.run(feed)
    }
    if (withTfjs) contestants['tfjs-wasm'] = tfjsConvolution(channels, filters, x, side)
    const float = await compete(contestants)
    const ours = single.profile(x, 10 * rounds)[1].milliseconds
    layers.push({ channels, side, macs: taps * channels * side * side, milliseconds: { packed: ours, ...float } })
  }

  return layers
}

/** Where the time of one image goes, by kind of step. */
const measureKinds = runner => {
  const kinds = {}
  for (const { kind, milliseconds, binaryMacs } of runner.profile(numbers(size * size * 3), rounds)) {
    kinds[kind] ??= { steps: 0, milliseconds: 0, binaryMacs: 0 }
    kinds[kind].steps++
    kinds[kind].milliseconds += milliseconds
    kinds[kind].binaryMacs += binaryMacs
  }

  return kinds
}

/** With means of any value: sums of signs that are exactly at a threshold would be rounded to either side of it. */
const withMeans = model => ({
  ...model,
  statistics: Object.fromEntries(
    Object.entries(model.statistics).map(([name, { shape, values }]) => [
      name,
      { shape, values: name.endsWith('.mean') ? numbers(values.length).map(x => x / 4) : values },
    ]),
  ),
})

const [child, parent] = ['child', 'parent'].map(kind => withMeans(untrainedModel(spec, genotype, kind, size)))
const packed = pack(child)
if (packed._tag === 'Left') throw new Error(packed.left)
const { runner, networks } = await measureNetworks(child, parent, packed.right)
// Both are of one thread.
const single = threads === 1 ? { layers: await measureLayers(packed.right.metadata), kinds: measureKinds(runner) } : {}
console.log(JSON.stringify({ threads, choice: runner.choice, networks, ...single }))
process.exit()
