import { openRunner, timesOf } from '@cpnas/experiments'
import type { Pool, Runner, StepProfile } from '@cpnas/packed'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command } from '../command.js'
import { withPool } from '../packed-engine.js'
import { packedOf } from '../packed-of.js'
import { thousands } from '../report/amounts.js'
import { type Block, type Grid, grid, layOut } from '../report/layout.js'
import { packedEngineWords } from '../report/packed-words.js'
import { countOption, wordOption } from '../values.js'
import { whichOptions } from '../which.js'
import { summaries } from './summaries.js'

const defaultRepeat = 50
const batchSizes = [1, 64] as const
const largest = Math.max(...batchSizes)
/** Long enough for the optimizing compiler to replace the baseline's code. */
const warmUpMilliseconds = 100

const options = {
  repeat: countOption({ description: 'timed batches of each size', default: String(defaultRepeat) }),
  threads: countOption({ description: 'also time this many threads', default: '1' }),
  profile: { kind: 'flag', description: 'time per step' },
  loop: wordOption(['auto', 'lookup', 'popcount'], {
    placeholder: 'auto|lookup|popcount',
    description: 'inner loop of binary convolutions',
    default: 'auto: the faster one here',
  }),
  ...whichOptions,
  json: { kind: 'flag', description: 'print a JSON record' },
} as const satisfies CommandOptions

interface Timing {
  readonly batch: number
  readonly threads: number
  /** Milliseconds of an image. */
  readonly median: number
  readonly p5: number
  readonly p95: number
  readonly imagesPerSecond: number
}

/** The time does not depend on the pixels. */
const anyImages = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => 2 * Math.sin(i))

const summarize = (batch: number, threads: number, milliseconds: readonly number[]): Timing => {
  const times = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))]! / batch
  return { batch, threads, median: at(0.5), p5: at(0.05), p95: at(0.95), imagesPerSecond: 1000 / at(0.5) }
}

const time = ({ scores }: Runner, images: Float32Array, batch: number, repeat: number): Timing =>
  summarize(
    batch,
    1,
    timesOf(() => scores(images, batch), repeat),
  )

const timePool = async ({ scores, threads }: Pool, images: Float32Array, repeat: number): Promise<Timing> => {
  const warm = performance.now() + warmUpMilliseconds
  do await scores(images, largest)
  while (performance.now() < warm)
  const times: number[] = []
  for (let i = 0; i < repeat; i++) {
    const start = performance.now()
    await scores(images, largest)
    times.push(performance.now() - start)
  }
  return summarize(largest, threads, times)
}

const timingTable = (timings: readonly Timing[]): Grid =>
  grid(
    ['batch', 'threads', 'ms an image, median', '5 %', '95 %', 'images/s'],
    timings.map(({ batch, threads, median, p5, p95, imagesPerSecond }) => [
      String(batch),
      String(threads),
      ...[median, p5, p95].map(ms => ms.toFixed(3)),
      thousands(Math.round(imagesPerSecond)),
    ]),
    0,
  )

const profileRow = (name: string, steps: readonly StepProfile[], all: number): readonly string[] => {
  const sum = (pick: (step: StepProfile) => number): number => steps.reduce((total, step) => total + pick(step), 0)
  const milliseconds = sum(step => step.milliseconds)
  const binary = sum(step => step.binaryMacs)
  return [
    name,
    String(steps.length),
    (1000 * milliseconds).toFixed(1),
    `${((100 * milliseconds) / all).toFixed(1)} %`,
    thousands(binary),
    thousands(sum(step => step.floatMacs)),
    binary === 0 || milliseconds === 0 ? '' : (binary / milliseconds / 1e6).toFixed(1),
  ]
}

const profileTables = (profile: readonly StepProfile[]): readonly Block[] => {
  const head = ['', 'steps', 'µs', 'time', '1-bit MACs', '32-bit MACs', '1-bit GMAC/s'] as const
  const all = profile.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const kinds = [...new Set(profile.map(({ kind }) => kind))]
  return [
    grid(
      ['step', ...head.slice(1)],
      profile.map(one => profileRow(`${one.step} ${one.kind}`, [one], all)),
      1,
    ),
    grid(
      ['kind of step', ...head.slice(1)],
      [
        ...kinds.map(kind =>
          profileRow(
            kind,
            profile.filter(one => one.kind === kind),
            all,
          ),
        ),
        profileRow('all', profile, all),
      ],
      1,
    ),
  ]
}

/** `cpnas bench`: how fast a packed network runs here. */
export const benchCommand = command({
  name: 'bench',
  summary: summaries.bench,
  details: `The argument is a packed file (.cpnas); a model file or the directory of a training is packed first. Each image
uses one thread; --threads splits the images of a batch.`,
  argument: { name: 'file|run', description: 'a packed file, a model file, or the directory of a training' },
  options,
  run: (given, io, path) =>
    pipe(
      packedOf(path, given),
      TE.bindTo('packed'),
      TE.bind('start', () => TE.fromIO(() => performance.now())),
      TE.bind('runner', ({ packed }) => openRunner(packed, { loop: given.loop ?? 'auto' })),
      TE.bind('loadMilliseconds', ({ start }) => TE.fromIO(() => performance.now() - start)),
      TE.let('images', ({ packed }) => {
        const { height, width, channels } = packed.program.image
        return anyImages(largest * height * width * channels)
      }),
      TE.bind('shared', ({ packed, runner, images }) => {
        const { threads = 1, repeat = defaultRepeat } = given
        if (threads === 1) return TE.right([])
        const { loop } = runner.choice
        return withPool(packed, { threads, loop })(pool =>
          TE.fromTask(async () => [await timePool(pool, images, repeat)]),
        )
      }),
      TE.map(({ loadMilliseconds, runner, images, shared }) => {
        const { repeat = defaultRepeat } = given
        const first = (count: number): Float32Array => images.subarray(0, (count * images.length) / largest)
        const timings = [...batchSizes.map(batch => time(runner, first(batch), batch, repeat)), ...shared]
        const profile = given.profile ? runner.profile(first(1), repeat) : undefined
        io.out(
          given.json
            ? `${JSON.stringify({ choice: runner.choice, loadMilliseconds, timings, ...(profile && { profile }) })}\n`
            : layOut(
                [
                  `Engine: ${packedEngineWords(runner.choice)}`,
                  `Load:   ${loadMilliseconds.toFixed(1)} ms`,
                  timingTable(timings),
                  ...(profile ? profileTables(profile) : []),
                ],
                io,
              ),
        )
        return { status: 'done' }
      }),
    ),
})
