// pnpm bench:loader: how fast image folders are loaded: alone, from a cache, and beside a main thread that is busy computing.
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { batches, openDataset, shuffle } from '@cpnas/data'
import Table from 'cli-table3'
import sharp from 'sharp'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '512' },
    batch: { type: 'string', default: '32' },
    size: { type: 'string', default: '224' },
    workers: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '3' },
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
  const opened = await openDataset('image-folder', directory, { imageSize: Number(values.size), ...options })()
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
    head: ['workers', 'cache', 'alone, images/s', 'step ms', 'beside the step, images/s', 'waited'],
    style: { head: [], border: [] },
  })
  for (const workers of values.workers.split(',').map(Number)) {
    const rows = [
      { cache: 'none', options: {}, cold: false },
      { cache: 'cold', options: { cacheDirectory: join(directory, `cache-${workers}`) }, cold: true },
      { cache: 'warm', options: { cacheDirectory: join(directory, `cache-${workers}`) }, cold: false },
    ]
    for (const { cache, options, cold } of rows) {
      const { train, test } = await open(directory, { workers, ...options })
      if (!cold) for await (const _ of batches(train, [0], { batchSize: 1 })); // threads have started
      const alone = cold ? await epoch(train, 0, 0) : await best(round => epoch(train, round, 0))
      // A step as long as a batch takes to load: what a loader in the step's way would make twice as long.
      const step = (alone.seconds * 1000 * batchSize) / count
      const beside = cold ? undefined : await best(round => epoch(train, round, step))
      table.push([
        workers,
        cache,
        (count / alone.seconds).toFixed(0),
        cold ? '' : step.toFixed(0),
        beside ? (count / beside.seconds).toFixed(0) : '',
        beside ? `${((100 * beside.waited) / beside.seconds).toFixed(0)} %` : '',
      ])
      train.close()
      test.close()
    }
  }
  console.log(table.toString())
} finally {
  rmSync(directory, { recursive: true, force: true })
}
