// pnpm bench:loader: how fast image folders are loaded: alone, from a cache, beside a main thread that is busy computing, and by a
// training (the Child of architecture.json with the ImageNet stem), against the same training on batches that are in memory.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { wasmBackend } from '@cpnas/backends'
import { batches, openDataset, shuffle } from '@cpnas/data'
import { initialParameters, latentNames, network, parameterShapes } from '@cpnas/supernet'
import { newLearner, sgd, trainEpoch } from '@cpnas/training'
import Table from 'cli-table3'
import sharp from 'sharp'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '512' },
    batch: { type: 'string', default: '32' },
    size: { type: 'string', default: '224' },
    workers: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '3' },
    cells: { type: 'string', default: '3' },
    channels: { type: 'string', default: '8' },
  },
})
const count = Number(values.images)
const batchSize = Number(values.batch)
const rounds = Number(values.rounds)

const width = 500
const height = 400
const augmentation = { flip: true, colorJitter: 0.4 }

/** Smooth blobs with some noise, so that a JPEG of quality 90 has the size of a photograph's: about 100 KB. */
const photograph = seed => {
  const noise = (k, period) => Math.sin(k * (seed + 1) * 12.9898 + period) * 43758.5453
  const coarse = Uint8Array.from({ length: 32 * 26 * 3 }, (_, k) => Math.abs(noise(k, 1)) % 256)
  const grain = Uint8Array.from({ length: width * height }, (_, k) => Math.abs(noise(k, 2)) % 256)
  return sharp(coarse, { raw: { width: 32, height: 26, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .composite([
      {
        input: Buffer.from(
          Uint8Array.from({ length: width * height * 4 }, (_, k) => (k % 4 === 3 ? 40 : grain[k >> 2])),
        ),
        raw: { width, height, channels: 4 },
      },
    ])
    .jpeg({ quality: 90 })
}

const busy = milliseconds => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

const open = async (directory, options) => {
  const opened = await openDataset('image-folder', directory, {
    imageSize: Number(values.size),
    memory: 0,
    ...options,
  })()
  if (opened._tag === 'Left') throw new Error(JSON.stringify(opened.left))
  return opened.right
}

/** Seconds of one epoch, and how many of them the loop waited for a batch; every batch costs `step` milliseconds of this thread. */
const epoch = async (dataset, epoch, step) => {
  const order = shuffle([...dataset.labels.keys()], 1, epoch)
  const begin = performance.now()
  let waited = 0
  let asked = begin
  for await (const batch of batches(dataset, order, { batchSize, augmentation, seed: 1, epoch })) {
    waited += performance.now() - asked
    if (step > 0) busy(step)
    await new Promise(resolve => setImmediate(resolve))
    asked = performance.now()
    if (batch.count === 0) throw new Error('an empty batch')
  }
  return { seconds: (performance.now() - begin) / 1000, waited: waited / 1000 }
}

const genotype = JSON.parse(readFileSync(new URL('architecture.json', import.meta.url), 'utf8'))
const spec = {
  cells: Number(values.cells),
  channels: Number(values.channels),
  inChannels: 3,
  classes: 2,
  stem: 'imagenet',
  affine: true,
}
const optimizer = sgd()

/** Seconds of one epoch of a training on batches, on one thread. */
const train = async (backend, source) => {
  const shapes = parameterShapes(spec, genotype)
  const parameters = Object.fromEntries(
    Object.entries(initialParameters(shapes, 1)).map(([name, x]) => [name, backend.tensor(x, shapes[name])]),
  )
  const learner = newLearner(optimizer, parameters)
  const begin = performance.now()
  const { learner: trained } = await trainEpoch(backend, learner, [network(spec, genotype, 'child')], source, {
    where: 'bench',
    optimizer,
    learningRate: 0.01,
    gradientClip: 5,
    latent: latentNames(spec, genotype),
  })
  const seconds = (performance.now() - begin) / 1000
  backend.dispose([trained.parameters, trained.state])
  return { seconds }
}

const best = async run => {
  const results = []
  for (let round = 0; round < rounds; round++) results.push(await run(round))
  return results.reduce((a, b) => (b.seconds < a.seconds ? b : a))
}

const directory = mkdtempSync(join(tmpdir(), 'loader-bench-'))
try {
  for (const [folder, images] of [
    ['train', count],
    ['val', 1],
  ]) {
    await mkdir(join(directory, folder, 'class'), { recursive: true })
    for (let i = 0; i < images; i++) await photograph(i).toFile(join(directory, folder, 'class', `${i}.jpg`))
  }
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}; ${count} JPEGs of ${width}x${height}, batches of ${batchSize} at ${values.size}x${values.size}, flip and colour jitter; best of ${rounds}`,
  )
  const table = new Table({
    head: [
      'workers',
      'cache',
      'alone, images/s',
      'step ms',
      'beside the step, images/s',
      'waited',
      'training, images/s',
    ],
    style: { head: [], border: [] },
  })
  const backend = await wasmBackend({ threads: 1 })
  const training = dataset => round =>
    train(
      backend,
      batches(dataset, shuffle([...dataset.labels.keys()], 1, round), {
        batchSize,
        augmentation,
        seed: 1,
        epoch: round,
      }),
    )
  for (const workers of values.workers.split(',').map(Number)) {
    const rows = [
      { cache: 'none', options: {}, cold: false },
      { cache: 'cold', options: { cacheDirectory: join(directory, `cache-${workers}`) }, cold: true },
      { cache: 'warm', options: { cacheDirectory: join(directory, `cache-${workers}`) }, cold: false },
    ]
    for (const { cache, options, cold } of rows) {
      const { train: images, test } = await open(directory, { workers, ...options })
      if (!cold) for await (const _ of batches(images, [0], { batchSize: 1 })); // threads have started
      const alone = cold ? await epoch(images, 0, 0) : await best(round => epoch(images, round, 0))
      // A step as long as a batch takes to load: what a loader in the step's way would make twice as long.
      const step = (alone.seconds * 1000 * batchSize) / count
      const beside = cold ? undefined : await best(round => epoch(images, round, step))
      const trained = cold ? undefined : await best(training(images))
      table.push([
        workers,
        cache,
        (count / alone.seconds).toFixed(0),
        cold ? '' : step.toFixed(0),
        beside ? (count / beside.seconds).toFixed(0) : '',
        beside ? `${((100 * beside.waited) / beside.seconds).toFixed(0)} %` : '',
        trained ? (count / trained.seconds).toFixed(0) : '',
      ])
      images.close()
      test.close()
    }
  }
  console.log(table.toString())
  const { train: images, test } = await open(directory, { workers: 2 })
  const inMemory = []
  const order = [...images.labels.keys()].slice(0, 4 * batchSize)
  for await (const batch of batches(images, order, { batchSize })) inMemory.push(batch)
  images.close()
  test.close()
  const { seconds } = await best(() => train(backend, inMemory))
  console.log(
    `The same training on batches in memory: ${(order.length / seconds).toFixed(0)} images/s (${spec.cells} cells, ${spec.channels} channels, one thread)`,
  )
  await backend.close()
} finally {
  rmSync(directory, { recursive: true, force: true })
}
