import { performWork } from '@cpnas/experiments'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type CommandOptions, command, refuseMissing } from '../command.js'
import { dataOptions } from '../data-source.js'
import { counted } from '../report/amounts.js'
import { workerLine } from '../report/worker-words.js'
import { openedLines } from '../runs/run-command.js'
import { engineOptions, sharedOptions } from '../runs/run-options.js'
import { countOption, textOption } from '../values.js'
import { summaries } from './summaries.js'

const defaultOut = './cpnas-worker'

/** `cpnas worker`. */
export const workerCommand = command({
  name: 'worker',
  summary: summaries.worker,
  details: `Takes samples of searches, trainings of ablations and trainings of tables that other processes give out with --queue. It needs the
images that they have: the same files in --data, or the bundled ones. A process works on one task at a time; start several on
a machine, with one thread each. Results do not depend on who does what, or when. Ctrl-C gives back what it is working on.`,
  options: {
    ...dataOptions,
    ...engineOptions,
    backend: { ...engineOptions.backend, default: 'auto: the fastest' },
    queue: textOption({
      placeholder: 'url',
      description: 'the Redis of the runs: redis://host:6379, rediss://:PASSWORD@host with TLS',
    }),
    blobs: { ...sharedOptions.blobs, description: 'the directory that the runs have as --blobs' },
    out: textOption({
      placeholder: 'dir',
      description: 'directory of trainings that it has begun, so that it can resume them',
      default: defaultOut,
    }),
    lostAfter: countOption({
      description: 'seconds without a sign of life until others take over its task',
      default: '30',
    }),
    json: { kind: 'flag', description: 'print one JSON event per line' },
  } satisfies CommandOptions,
  run: ({ queue, blobs, out = defaultOut, json = false, ...given }, io) => {
    const print = (object: object): void => io.out(`${JSON.stringify(object)}\n`)
    return pipe(
      refuseMissing(queue, 'queue', 'Name the Redis that the runs use, e.g. redis://localhost:6379'),
      TE.fromEither,
      TE.flatMap(address =>
        performWork({
          ...given,
          queue: { address, blobs },
          directory: out,
          ready: ({ data, engine, threads }, shown, warnings) => {
            if (json) return print({ type: 'ready', queue: shown, engine: engine.name, threads, warnings })
            const lines = [
              ...openedLines(data, engine),
              `Queue:  ${shown}, ready; stop with Ctrl-C`,
              ...warnings.map(line => `        ${line}`),
            ]
            for (const line of lines) io.err(`${line}\n`)
          },
          event: event => (json ? print(event) : io.err(`${workerLine(event)}\n`)),
          note: line => io.err(`${line}\n`),
          signal: io.signal,
        }),
      ),
      TE.map(finished => {
        io.err(`Stopped after ${counted(finished, 'task')}; what was begun is given back.\n`)
        return { status: 'stopped' as const }
      }),
    )
  },
})
