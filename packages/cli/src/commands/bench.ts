import { type CpnasError, cpnasError } from '@cpnas/backends'
import { pack } from '@cpnas/export'
import type { PackedModel, Runner, StepProfile } from '@cpnas/packed'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, type Values } from '../command.js'
import { readModelOf, whichOf, whichOptions } from '../model-source.js'
import { openRunner } from '../packed-engine.js'
import { readPacked } from '../packed-source.js'
import { numberTable, thousands } from '../report/amounts.js'
import { packedEngineWords } from '../report/packed-words.js'
import { countOption, wordOption } from '../values.js'

const defaultRepeat = 50
const batchSizes = [1, 64] as const

const options = {
  repeat: countOption({ description: 'batches that are timed, of each size', default: String(defaultRepeat) }),
  profile: { kind: 'flag', description: 'where the time goes, step by step' },
  loop: wordOption(['auto', 'lookup', 'popcount'], {
    placeholder: 'auto|lookup|popcount',
    description: 'the loop over channels of binary convolutions',
    default: 'auto: the faster one here',
  }),
  ...whichOptions,
  json: { kind: 'flag', description: 'print a JSON record' },
} as const satisfies CommandOptions

type Given = Values<typeof options>

interface Timing {
  readonly batch: number
  /** Milliseconds of an image. */
  readonly median: number
  readonly p5: number
  readonly p95: number
  readonly imagesPerSecond: number
}

const packedOf = (given: Given, path: string): TE.TaskEither<CpnasError, PackedModel> =>
  pipe(
    readPacked(path),
    TE.flatMap(found =>
      found
        ? TE.right(found.packed)
        : pipe(
            TE.fromEither(whichOf(given)),
            TE.flatMap(which => readModelOf(path, which)),
            TE.flatMapEither(({ model }) =>
              pipe(
                pack(model),
                E.mapLeft(problem => cpnasError('InvalidModel', path, problem, 'Name a Child')),
              ),
            ),
          ),
    ),
  )

/** The time depends on no pixel. */
const anyImages = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => 2 * Math.sin(i))

const time = ({ scores }: Runner, images: Float32Array, batch: number, repeat: number): Timing => {
  for (let i = 0; i < 3; i++) scores(images, batch)
  const times = Array.from({ length: repeat }, () => {
    const start = performance.now()
    scores(images, batch)
    return (performance.now() - start) / batch
  }).sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(repeat - 1, Math.floor(share * repeat))]!
  return { batch, median: at(0.5), p5: at(0.05), p95: at(0.95), imagesPerSecond: 1000 / at(0.5) }
}

const timingTable = (timings: readonly Timing[]): string =>
  numberTable(
    ['batch', 'ms an image, median', '5 %', '95 %', 'images/s'],
    timings.map(({ batch, median, p5, p95, imagesPerSecond }) => [
      String(batch),
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

const profileTables = (profile: readonly StepProfile[]): string => {
  const head = ['', 'steps', 'µs', 'time', '1-bit MACs', '32-bit MACs', '1-bit GMAC/s'] as const
  const all = profile.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const kinds = [...new Set(profile.map(({ kind }) => kind))]
  return [
    numberTable(
      ['step', ...head.slice(1)],
      profile.map(one => profileRow(`${one.step} ${one.kind}`, [one], all)),
      1,
    ),
    numberTable(
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
  ].join('\n')
}

/** `cpnas bench`: how fast a packed network runs here. */
export const benchCommand = command({
  name: 'bench',
  summary: 'Time a packed network on this machine, and say where its time goes',
  details: `The argument is a packed file (.cpnas); a model file or the directory of a training is packed first. One thread.`,
  argument: { name: 'file|run', description: 'a packed file, a model file, or the directory of a training' },
  options,
  run: (given, io, path) =>
    pipe(
      packedOf(given, path),
      TE.bindTo('packed'),
      TE.bind('start', () => TE.fromIO(() => performance.now())),
      TE.bind('runner', ({ packed }) => openRunner(packed, { loop: given.loop ?? 'auto' })),
      TE.map(({ packed, start, runner }) => {
        const loadMilliseconds = performance.now() - start
        const { height, width, channels } = packed.program.image
        const images = anyImages(Math.max(...batchSizes) * height * width * channels)
        const one = height * width * channels
        const repeat = given.repeat ?? defaultRepeat
        const timings = batchSizes.map(batch => time(runner, images.subarray(0, batch * one), batch, repeat))
        const profile = given.profile ? runner.profile(images.subarray(0, one), repeat) : undefined
        io.out(
          given.json
            ? `${JSON.stringify({ choice: runner.choice, loadMilliseconds, timings, ...(profile && { profile }) })}\n`
            : `${[
                `Engine: ${packedEngineWords(runner.choice)}`,
                `Load:   ${loadMilliseconds.toFixed(1)} ms`,
                timingTable(timings),
                ...(profile ? [profileTables(profile)] : []),
              ].join('\n')}\n`,
        )
        return { status: 'done' }
      }),
    ),
})
